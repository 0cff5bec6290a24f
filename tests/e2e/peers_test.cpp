// Validators that do everything wrong, beside one that does not: the miner mines on from that one.
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"

#include <boost/json/serialize.hpp>

#include <atomic>
#include <csignal>
#include <ctime>
#include <mutex>

using namespace tests;
using namespace std::chrono_literals;

namespace {

using Socket = LoopbackPeer::Socket;

std::string whole(const std::string& body, const std::string& status = "200 OK",
                  const std::string& type = "application/json") {
    return "HTTP/1.1 " + status + "\r\ncontent-type: " + type +
           "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// As many bytes as the other end bears, up to 1 GiB.
LoopbackPeer::Script flood(const std::string& head, const std::string& piece) {
    return [head, piece](Socket& socket) {
        read_request(socket);
        send(socket, head);
        for (std::size_t sent = 0; sent < std::size_t(1) << 30; sent += piece.size())
            send(socket, piece);
    };
}

bool is_pull(const std::string& request) { return request.starts_with("POST /PullTask"); }

std::string task(const std::string& id) {
    boost::json::object answer{{"task",
                                {{"type", "image"},
                                 {"id", id},
                                 {"prompt", network::base64_encode(read_bytes(quick_picture()))}}},
                               {"cooldown_until", 0}};
    return boost::json::serialize(answer);
}

// Says how it went: any address of its own will do.
std::string hotkey_of(std::uint8_t number) {
    network::Secret<32> seed;
    seed.bytes()[0] = number;
    seed.bytes()[1] = 1;
    return network::Keypair::from_seed(seed).address();
}

}  // namespace

TEST_CASE("peers that answer in every wrong way cost time, and nothing else") {
    const std::string mebibyte(1 << 20, ' ');
    const std::vector<std::pair<std::string, LoopbackPeer::Script>> wrongs{
        {"another status", answering(whole("{\"message\":\"no\"}", "503 Busy"))},
        {"a redirect", answering("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")},
        {"another type", answering(whole("<html>hello</html>", "200 OK", "text/html"))},
        {"a list", answering(whole("[1, 2, 3]"))},
        {"no HTTP", answering("SSH-2.0-OpenSSH_9.2\r\n")},
        {"silence", [](Socket& socket) { await_hang_up(socket); }},
        {"half a body", answering("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                  "content-length: 1000\r\n\r\n{\"task\":")},
        {"1 GiB announced", flood("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                  "content-length: 1073741824\r\n\r\n",
                                  mebibyte)},
        {"1 GiB in chunks", flood("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                  "transfer-encoding: chunked\r\n\r\n",
                                  "100000\r\n" + mebibyte + "\r\n")},
        {"headers without end", flood("HTTP/1.1 200 OK\r\n", "x-more: " + mebibyte + "\r\n")},
        {"depth", answering(whole("{\"task\":" + std::string(100'000, '[')))},
        {"no prompt", answering(whole("{\"task\":{\"type\":\"image\",\"id\":\"x\"}}"))},
        {"a task of numbers", answering(whole("{\"task\":{\"id\":1,\"prompt\":2}}"))},
        {"another hotkey",
         answering(whole("{\"task\":null,\"axon\":{\"hotkey\":\"" + hotkey_of(99) + "\"}}"))},
    };

    Scene scene;
    std::vector<std::unique_ptr<LoopbackPeer>> peers;
    for (const auto& [name, script] : wrongs) {
        peers.push_back(std::make_unique<LoopbackPeer>(script));
        scene.add_peer(hotkey_of(std::uint8_t(peers.size())), peers.back()->port());
    }
    // In the middle of them all, and after one that nobody listens for.
    scene.add_peer(hotkey_of(98), 1);
    auto& healthy = scene.add_validator({quick_task("one")});

    Process miner(scene.mining({"--schedule.failure_delay", "30", "--schedule.pull_timeout", "5"}));
    const auto failures = "SELECT count(*) FROM validators WHERE failures >= 1";
    REQUIRE(comes_true([&] {
        return (healthy.drained() &&
                scene.number("SELECT count(*) FROM tasks WHERE state = 'answered'") == 1 &&
                scene.number(failures) == std::int64_t(wrongs.size()) + 1) ||
               miner.wait(0ms);
    }));
    miner.signal(SIGTERM);
    const auto exit_status = miner.wait(kPatience);
    INFO(miner.err());
    CHECK(exit_status == ProcessExit{.code = 0});
    CHECK(exit_status->peak_kb < 2 << 20);
    CHECK(healthy.tally().accepted == 1);
    for (std::size_t i = 0; i < wrongs.size(); ++i) {
        INFO(wrongs[i].first);
        CHECK(peers[i]->connections() >= 1);
        CHECK_THAT(miner.err(),
                   contains("pull failed validator=" + hotkey_of(std::uint8_t(i + 1))));
    }
    scene.check_clean();
    CHECK(scene.number("SELECT count(*) FROM tasks") == 1);
}

TEST_CASE("feedback of NaN, and a task that comes again and again, are borne") {
    std::atomic<int> submissions = 0;
    std::mutex mutex;
    std::vector<std::string> results;
    // Never tires of its one task; first it answers with invalid bytes, then properly.
    LoopbackPeer stubborn([&](Socket& socket) {
        const auto request = read_request(socket);
        if (is_pull(request)) return send(socket, whole(task("again")));
        const auto body = boost::json::parse(request.substr(request.find("\r\n\r\n") + 4));
        {
            const std::lock_guard lock(mutex);
            results.emplace_back(body.at("results").as_string());
        }
        const int number = submissions++;
        const std::string score = number == 0 ? "NaN" : "0.75";
        const std::string average = number == 1 ? "1e999" : "0.75";
        send(socket, whole("{\"feedback\":{\"validation_failed\":false,\"task_fidelity_score\":" +
                           score + ",\"average_fidelity_score\":" + average +
                           "},\"cooldown_until\":" + std::to_string(std::time(nullptr) + 1) + "}"));
    });
    Scene scene;
    scene.add_peer(hotkey_of(1), stubborn.port());
    auto& healthy = scene.add_validator({quick_task("one")});
    Process miner(scene.mining());
    REQUIRE(comes_true([&] { return (submissions >= 3 && healthy.drained()) || miner.wait(0ms); }));
    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    INFO(miner.err());
    CHECK(healthy.tally().accepted == 1);
    scene.check_clean();
    // Generated once, however often it was asked for, and ever the same bytes.
    CHECK(scene.number("SELECT count(*) FROM tasks WHERE task_id = 'again'") == 1);
    CHECK(scene.number("SELECT count(*) FROM attempts JOIN tasks ON tasks.id = task "
                       "WHERE task_id = 'again'") == 1);
    const std::lock_guard lock(mutex);
    for (const auto& result : results) CHECK((result == results.front() && !result.empty()));
    const auto stats = scene.ask({"stats", "--json", "--storage.path", scene.storage()});
    CHECK(boost::json::parse(stats.out).at("all").at("generations") == 2);
}

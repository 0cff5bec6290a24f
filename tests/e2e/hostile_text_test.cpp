// Words of a validator that steer terminals, forge lines and are no UTF-8, all the way through.
#include "config/escape.hpp"
#include "network/http/client.hpp"
#include "tests/e2e/scene.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/plain_request.hpp"
#include "tests/support/hostile.hpp"

#include <boost/json/serialize.hpp>

#include <atomic>
#include <csignal>
#include <ctime>

using namespace tests;
using namespace std::chrono_literals;

namespace {

using Socket = LoopbackPeer::Socket;

const std::string kSteering =
    "\x1b]0;pwned\x07\x1b[2J\n2026-01-01 ERROR forged\r\xc2\x9b\xe2\x80\xae\xe2\x80\xa8";

std::string answer(const std::string& body, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status +
           "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

// Hands out one task whose every word is hostile, then refuses it in hostile words.
class Steering {
public:
    // A task whose id has control characters is not taken at all.
    const std::string id = "id \"<b>\xe2\x80\xae\xe2\x80\xa8";
    const std::string prompt = "a red chair" + kSteering;

    std::uint16_t port() const { return peer_.port(); }
    bool done() const { return refused_ > 0; }

private:
    void serve(Socket& socket) {
        const auto request = read_request(socket);
        if (!request.starts_with("POST /PullTask")) {
            send(socket, answer(boost::json::serialize(boost::json::object{{"message", kSteering}}),
                                "500 Fault"));
            ++refused_;
        } else if (handed_out_++ == 0) {
            send(socket, answer(boost::json::serialize(boost::json::object{
                             {"task", {{"type", "text"}, {"id", id}, {"prompt", prompt}}},
                             {"cooldown_until", 0}})));
        } else {
            send(socket,
                 "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                 "bt_header_axon_status_code: 5\xff\r\n"
                 "bt_header_axon_status_message: \xe2\x80\xae\xc2\x9b\xc0\x80\r\n"
                 "content-length: 2\r\n\r\n{}");
        }
    }

    std::atomic<int> handed_out_ = 0, refused_ = 0;
    LoopbackPeer peer_{[this](Socket& socket) { serve(socket); }};
};

// The port that a process of this machine was given for `http.listen` 127.0.0.1:0.
std::uint16_t listening(const Process& miner) {
    const std::string mark = "url=http://127.0.0.1:";
    const auto said = miner.err();
    return std::uint16_t(std::stoi(said.substr(said.find(mark) + mark.size())));
}

}  // namespace

TEST_CASE("a validator's hostile words reach every reader, and steer none") {
    Scene scene;
    Steering validator;
    network::Secret<32> seed;
    seed.bytes()[0] = 77;
    scene.add_peer(network::Keypair::from_seed(seed).address(), validator.port());
    Process miner(scene.mining({"--http.listen", "127.0.0.1:0"}));
    REQUIRE(miner.await_text("url=http://127.0.0.1:", kPatience));
    const auto port = listening(miner);
    const auto get = [&](const std::string& target) {
        auto request = plain_request("GET", target);
        request.port = port;
        network::HttpLimits limits;
        limits.read = kPatience;
        return run(network::request(std::move(request), limits)).value();
    };
    const auto settled = "SELECT count(*) FROM submissions WHERE status <> 'sent'";
    REQUIRE(comes_true(
        [&] { return (validator.done() && scene.number(settled) > 0) || miner.wait(0ms); }));

    const auto row = std::to_string(scene.number("SELECT id FROM tasks"));
    for (const std::string& target :
         {std::string("/api/now"), std::string("/api/stats"), std::string("/api/tasks"),
          std::string("/api/predictions"), "/api/tasks/" + row, "/api/tasks/" + row + "/input",
          std::string("/metrics"), std::string("/health"), std::string("/api/stats?%ff%1b%0a=1")}) {
        const auto body = get(target).body;
        INFO(target << ": " << config::quoted(body));
        CHECK_FALSE(body.empty());
        CHECK_FALSE(steers(body));
    }
    const auto story = boost::json::parse(get("/api/tasks/" + row).body);
    CHECK(story.at("task_id").as_string() == validator.id);
    CHECK_THAT(get("/api/tasks/" + row + "/input").body, contains("a red chair\\x1b]0;pwned\\x07"));

    miner.signal(SIGTERM);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 0});
    for (const auto& [name, said] : std::map<std::string, std::string>{
             {"log", scene.log()}, {"stderr", miner.err()}, {"stdout", miner.out()}}) {
        INFO(name << ": " << config::quoted(said, 20'000));
        CHECK_FALSE(steers(said));
        CHECK(said.find("\n2026-01-01 ERROR forged") == said.npos);
    }
    for (const auto& words : {Scene::Words{"stats"},
                              {"stats", "--json"},
                              {"stats", "--csv"},
                              {"tune"},
                              {"tune", "--json"},
                              {"top"}}) {
        auto asked = words;
        for (const auto& more : {std::string("--storage.path"), scene.storage().string()})
            asked.push_back(more);
        const auto told = scene.ask(asked);
        INFO(words.front() << ": " << config::quoted(told.out + told.err, 20'000));
        CHECK(told.exit_status.code == 0);
        CHECK_FALSE(told.out.empty());
        CHECK_FALSE(steers(told.out + told.err));
    }
}

TEST_CASE("hostile names of files and settings are told as they are, and steer nothing") {
    Scene scene;
    const std::string name = "a" + kSteering + "\xff.ply";
    for (const auto& words : {Scene::Words{"inspect", name},
                              {"render", name},
                              {"score", name, "--prompt", name},
                              {"score", name, "--picture", name, "--score.model", name},
                              {"generate", name},
                              {"stats", "--storage.path", name},
                              {"wallet", "show", "--wallet.name", name},
                              {"wallet", "show", "--json", "--wallet.name", name},
                              {"config", "--print", "--wallet.name", name},
                              {"config", "--print", "--json", "--storage.path", name},
                              {name},
                              {"run", "--" + name, "1"},
                              {"weights", "verify", name},
                              {"restore", name}}) {
        const auto told = scene.ask(words);
        INFO(config::quoted(words.front()) << ": " << config::quoted(told.out + told.err, 20'000));
        CHECK(told.exit_status.signal == 0);
        CHECK_FALSE((told.out + told.err).empty());
        CHECK_FALSE(steers(told.out + told.err));
    }
}

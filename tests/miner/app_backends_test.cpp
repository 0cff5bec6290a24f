// The application with other miners as its backends.
#include "tests/miner/app_stage.hpp"
#include "tests/miner/balancer.hpp"
#include "tests/miner/serving.hpp"
#include "tests/network/loopback.hpp"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>

using namespace tests;

namespace {

// Three, each of which holds its task until each has one.
struct HeldServers {
    tests::Serving servers[3];

    HeldServers() {
        for (auto& server : servers) {
            server.script->held = true;
            server.start();
        }
    }
    void let_go_once_each_has_one() {
        CHECK(tests::eventually([&] {
            return std::all_of(std::begin(servers), std::end(servers),
                               [](const auto& server) { return server.script->stage1_runs == 1; });
        }));
        for (auto& server : servers) server.script->held = false;
    }
    void stop() { tests::Serving::stop_all({&servers[0], &servers[1], &servers[2]}); }
};

// What that `miner serve` answers, without its saying who it is.
void pass_on_without_report(tests::LoopbackPeer::Socket& socket, const std::string& request,
                            std::uint16_t port) {
    boost::asio::io_context io;
    tests::LoopbackPeer::Socket onward(io);
    onward.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    tests::send(onward, request);
    std::string answer;
    boost::system::error_code error;
    boost::asio::read(onward, boost::asio::dynamic_buffer(answer), error);
    answer.replace(answer.find("x-miner-instance"), 16, "x-other-instance");
    tests::send(socket, answer);
}

}  // namespace

TEST_CASE("tasks go to other miners, and to those that are left when one of them dies") {
    tests::Serving dying, slow;
    dying.script->voxels = {100, 100, -1};
    dying.script->failure = generator::Errc::device_lost;
    slow.script->delay = 100ms;
    for (auto* server : {&dying, &slow}) {
        server->settings.http.queue = 5;
        server->start();
    }
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {dying.url(), slow.url()};
    std::vector<network::Task> tasks;
    for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"}) tasks.push_back(image_task(id));
    for (int i = 0; i < 3; ++i)
        stage.add_validator({tasks.begin() + 2 * i, tasks.begin() + 2 * i + (i < 2 ? 2 : 4)});
    CHECK(stage.run() == ExitCode::ok);
    CHECK(dying.wait() == ExitCode::device_lost);
    tests::Serving::stop_all({&slow});
    int accepted = 0;
    for (const auto& validator : stage.validators) accepted += validator->tally().accepted;
    CHECK(accepted == 8);
    CHECK(stage.counts().passed_at_once == 8);
    CHECK(dying.script->stage2_runs == 2);
    CHECK(slow.script->stage2_runs == 6);
    CHECK(stage.count_lines("backend full") + stage.count_lines("backend down") >= 1);
    CHECK(stage.script->stage1_runs == 0);
}

TEST_CASE("attempts of a backend that is lost before its splats came count no more") {
    // Two sparse structures, of which it then does not give the better one. Where there is no
    // other, the task comes to it again.
    const bool alone = GENERATE(false, true);
    tests::Serving well;
    well.start();
    std::atomic<int> calls = 0;
    const tests::LoopbackPeer lost([&](tests::LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        if (!request.starts_with("POST "))
            return tests::send(socket,
                               "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
                               R"({"status":"healthy"})");
        const int count = ++calls;
        if (count > 3) return pass_on_without_report(socket, request, well.port());
        if (count > 2) return;
        tests::send(socket, "HTTP/1.1 422 Unprocessable Content\r\nX-Gaussians: " +
                                std::to_string(1600 + 100 * count) +
                                "\r\nContent-Length: 2\r\n\r\n{}");
    });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {"http://127.0.0.1:" + std::to_string(lost.port())};
    if (!alone) stage.settings.generator.remote.push_back(well.url());
    stage.add_validator({image_task("a")});
    CHECK(stage.run() == ExitCode::ok);
    tests::Serving::stop_all({&well});
    CHECK(calls == (alone ? 4 : 3));
    CHECK(well.script->stage1_runs == 1);
    const auto counts = stage.counts();
    CHECK(counts.passed_at_once == 1);
    CHECK(counts.retries == 0);
}

TEST_CASE("as many tasks are in flight as miners stand behind a balancer") {
    HeldServers held;
    auto& servers = held.servers;
    const tests::Balancer balancer(
        [&](bool, int before) { return servers[std::size_t(before) % 3].port(); });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {balancer.url()};
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) stage.add_validator({image_task(id)});
    std::thread release([&] { held.let_go_once_each_has_one(); });
    CHECK(stage.run() == ExitCode::ok);
    release.join();
    held.stop();
    for (const auto& validator : stage.validators) CHECK(validator->tally().accepted == 1);
    CHECK(stage.counts().passed_at_once == 6);
    CHECK(stage.count_lines("handed back") == 0);
}

TEST_CASE("more tasks are pulled when more miners come to stand behind a balancer") {
    HeldServers held;
    auto& servers = held.servers;
    // When the first call is lost the miner looks round.
    std::atomic<bool> all = false;
    const tests::Balancer balancer([&](bool call, int before) -> std::uint16_t {
        if (call && before == 0) {
            all = true;
            return 0;
        }
        return servers[all ? std::size_t(before) % 3 : 0].port();
    });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {balancer.url()};
    for (const char* id : {"a", "b", "c", "d", "e", "f"}) stage.add_validator({image_task(id)});
    // One alone has two turns.
    std::thread release([&] { held.let_go_once_each_has_one(); });
    CHECK(stage.run() == ExitCode::ok);
    release.join();
    held.stop();
    for (const auto& validator : stage.validators) CHECK(validator->tally().accepted == 1);
    CHECK(stage.count_lines("handed back") == 0);
}

TEST_CASE("while no backend can work no task is pulled, and when one can they are done") {
    tests::Serving server;
    server.start();
    const auto url = server.url();
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {url};
    stage.settings.generator.remote_token = "0123456789abcdef";
    stage.add_validator({image_task("a")});
    stage.script->voxels = {100};
    CHECK(stage.run() == ExitCode::ok);
    CHECK(stage.validators[0]->tally().accepted == 1);
    tests::Serving::stop_all({&server});

    Stage alone;
    alone.settings.generator.device = "none";
    alone.settings.generator.remote = {url};  // nobody is there any more
    alone.add_validator({image_task("a")});
    alone.stop_once([looks = 0]() mutable { return ++looks > 10; });
    CHECK(alone.run() == ExitCode::ok);
    CHECK(alone.validators[0]->tally().pulls == 0);
    CHECK(alone.count_lines("backend down") == 1);
}

TEST_CASE("a miner without devices takes what its remote miners take, and says so") {
    tests::Serving server;
    server.script->takes_prompts = false;
    server.script->held = true;
    server.start();
    Stage stage;
    stage.settings.http.listen = "127.0.0.1:0";
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {server.url()};
    stage.add_validator({image_task("a")});
    std::string health;
    std::thread visitor([&] {
        server.wait_for_stage1(1);
        health = stage.ask_page("/health").body;
        server.script->held = false;
    });
    CHECK(stage.run() == ExitCode::ok);
    visitor.join();
    tests::Serving::stop_all({&server});
    INFO(health);
    CHECK(health.find("\"takes_pictures\":true") != std::string::npos);
    CHECK(health.find("\"takes_prompts\":false") != std::string::npos);
}

TEST_CASE("a task that every backend failed at is left with its validator and comes again") {
    // Healthy to look at, it hangs up on work; after its rest it does the work like any other.
    tests::Serving server;
    server.start();
    std::atomic<int> calls = 0;
    const tests::LoopbackPeer flaky([&](tests::LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        const bool health = request.starts_with("GET /health ");
        if (!health) ++calls;
        if (!health && calls == 1) return;
        // Of several it would be another that makes it.
        pass_on_without_report(socket, request, server.port());
    });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {"http://127.0.0.1:" + std::to_string(flaky.port())};
    stage.add_validator({image_task("a")});
    CHECK(stage.run() == ExitCode::ok);
    tests::Serving::stop_all({&server});
    CHECK(stage.count_lines("handed back") == 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.validators[0]->tally().submissions == 1);
    CHECK(stage.counts().errors == 0);
}

TEST_CASE(
    "a task that no backend has room for in time is left with its validator and comes again") {
    tests::Serving server;
    server.start();
    std::atomic<int> calls = 0;
    const tests::LoopbackPeer full([&](tests::LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        if (request.starts_with("POST ") && calls++ == 0)
            return tests::send(socket,
                               "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 8\r\n"
                               "Content-Length: 0\r\n\r\n");
        pass_on_without_report(socket, request, server.port());
    });
    Stage stage;
    stage.settings.generator.device = "none";
    stage.settings.generator.remote = {"http://127.0.0.1:" + std::to_string(full.port())};
    stage.settings.generator.deadline = 5s;
    stage.add_validator({image_task("a")});
    CHECK(stage.run() == ExitCode::ok);
    tests::Serving::stop_all({&server});
    CHECK(stage.count_lines("handed back") >= 1);
    CHECK(stage.validators[0]->tally().accepted == 1);
    CHECK(stage.validators[0]->tally().submissions == 1);
    CHECK(stage.counts().errors == 0);
}

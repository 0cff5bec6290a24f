// Requests given to several backends: devices of this machine, and real `miner serve`s on loopback.
#include "tests/miner/generation/pool_bench.hpp"
#include "tests/miner/serving.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>

using namespace std::chrono_literals;
using storage::Outcome;
using tests::Serving;
using Bench = tests::PoolBench;

namespace {

// Answers /health as a miner does, and everything else as `script` says.
tests::LoopbackPeer::Script healthy_but(tests::LoopbackPeer::Script script) {
    return [script = std::move(script)](tests::LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        if (!request.starts_with("GET /health ")) return script(socket);
        const std::string body = R"({"status":"healthy"})";
        tests::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
    };
}

std::string url(const tests::LoopbackPeer& peer) {
    return "http://127.0.0.1:" + std::to_string(peer.port());
}

}  // namespace

TEST_CASE("a remote backend makes what a device here makes") {
    Serving server;
    server.start();
    Bench here, there({&server});
    here.settings.generator.device = "cpu";
    const auto ours = here.produce(), theirs = there.produce();
    Serving::stop_all({&server});
    CHECK(theirs.outcome == Outcome::passed);
    REQUIRE(theirs.splats.size() == 3200);
    for (std::size_t i = 0; i < 3200; i += 100)
        for (int c = 0; c < 3; ++c) {
            CHECK(theirs.splats.position[i][c] == Approx(ours.splats.position[i][c]).margin(1e-6));
            CHECK(theirs.splats.scale[i][c] == Approx(ours.splats.scale[i][c]));
            CHECK(theirs.splats.colour[i][c] == ours.splats.colour[i][c]);
        }
    CHECK(theirs.splats.opacity[7] == Approx(ours.splats.opacity[7]));
    CHECK(server.script->seeds == here.script->seeds);
    CHECK(server.script->pictures[0].pixels == here.script->pictures[0].pixels);
    CHECK(theirs.attempts[0].times.structure == 2);
    CHECK(theirs.attempts[0].times.gaussians == 5);
}

TEST_CASE(
    "the gate here judges the structure that a remote backend found, and the retry is enhanced "
    "there") {
    Serving server;
    server.script->voxels = {99, 120};
    server.settings.gate.min_gaussians = 1;  // its own gate does not count
    server.settings.enhance.standard = {"smooth"};
    server.start();
    Bench bench({&server});
    const auto result = bench.produce();
    Serving::stop_all({&server});
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempt == 2);
    CHECK(result.splats.size() == 3840);
    CHECK(server.script->stage2_runs == 1);  // a sparse structure costs it stage 1 alone
    CHECK(server.script->pictures[0].pixels != server.script->pictures[1].pixels);
    CHECK(server.script->seeds == std::vector<std::uint64_t>{7, 7});
    REQUIRE(result.attempts.size() == 2);
    CHECK(result.attempts[0].gaussians == 3168);
    CHECK(result.attempts[0].outcome == storage::AttemptOutcome::sparse);
    CHECK(result.attempts[1].chain == storage::EnhancementChain::extreme);
    CHECK(bench.says("retry successful task=t attempt=2 gaussians=3840"));
}

TEST_CASE("a retry that is better but sparse is fetched from the backend that held it back") {
    Serving server;
    server.script->voxels = {20, 50};
    server.start();
    Bench bench({&server});
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::retry_improved);
    CHECK(result.splats.size() == 1600);
    CHECK(server.script->stage1_runs == 3);
    server.script->voxels = {50, 40};
    server.script->stage1_runs = 0;
    CHECK(bench.produce().outcome == Outcome::rejected);
    server.script->voxels = {0};
    const auto empty = bench.produce();
    Serving::stop_all({&server});
    CHECK(empty.outcome == Outcome::rejected);
    CHECK(empty.attempts.at(0).gaussians == 0);
}

TEST_CASE("a prompt goes to a remote backend, with another seed when it stays sparse") {
    Serving server;
    server.script->voxels = {99, 120};
    server.start();
    Bench bench({&server});
    bench.request = generator::Prompt{"a red chair"};
    const auto result = bench.produce();
    Serving::stop_all({&server});
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(server.script->prompts == std::vector<std::string>{"a red chair", "a red chair"});
    CHECK(server.script->seeds == std::vector<std::uint64_t>{7, 8});
}

TEST_CASE("each request goes to the backend with the least to do") {
    Serving first, second;
    for (auto* server : {&first, &second}) {
        server->script->held = true;
        server->settings.http.queue = 5;
        server->start();
    }
    Bench bench({&first, &second});
    // None ends before each has one at work and one that waits.
    std::thread release([&] {
        for (const auto* server : {&first, &second})
            tests::eventually([&] {
                return server->get("/metrics").body.find("\nminer_generate_waiting 1\n") !=
                       std::string::npos;
            });
        first.script->held = second.script->held = false;
    });
    const auto results = bench.produce(4);
    release.join();
    Serving::stop_all({&first, &second});
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    CHECK(first.script->stage1_runs == 2);
    CHECK(second.script->stage1_runs == 2);
}

TEST_CASE("several devices of one machine work at the same time, each with a model of its own") {
    Bench bench;
    bench.settings.generator.devices = {"cuda:0", "cuda:1"};
    bench.script->meeting = 2;  // neither ends before the other has begun
    const auto results = bench.produce(2);
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    auto devices = bench.devices.get();
    std::sort(devices.begin(), devices.end());
    CHECK(devices == std::vector<std::string>{"cuda:0", "cuda:1"});
}

TEST_CASE("when a backend dies in the middle another makes the whole of it") {
    Serving dying, other;
    dying.script->voxels = {-1};
    dying.script->failure = generator::Errc::device_lost;
    dying.start();
    other.start();
    Bench bench({&dying, &other});
    const auto result = bench.produce();
    CHECK(dying.wait() == miner::ExitCode::device_lost);
    CHECK(result.outcome == Outcome::passed);
    CHECK(dying.script->stage1_runs == 1);
    CHECK(other.script->stage1_runs == 1);
    CHECK(result.attempts.size() == 1);
    CHECK(bench.says("backend full backend=" + dying.url()));
    CHECK_FALSE(bench.says("backend failed"));  // it said that it goes
    // Gone for good, it is not even asked.
    CHECK(bench.produce().outcome == Outcome::passed);
    CHECK(bench.says("backend down backend=" + dying.url()));
    Serving::stop_all({&other});
}

TEST_CASE("a backend that hangs up, sends an invalid or too large answer is left for another") {
    Serving other;
    other.start();
    const auto answer = [](const std::string& head, const std::string& body) {
        return [=](tests::LoopbackPeer::Socket& socket) { tests::send(socket, head + body); };
    };
    const std::vector<std::pair<tests::LoopbackPeer::Script, std::string>> bad{
        {[](tests::LoopbackPeer::Socket&) {}, "closed"},
        {answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "nonsense!"), "not the splats"},
        {answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", "ply"), "closed"},
        {answer("HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", ""), "larger"},
        {answer("no HTTP at all", ""), "malformed"},
        {answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ""), "404"}};
    for (const auto& [script, words] : bad) {
        const tests::LoopbackPeer peer(healthy_but(script));
        Bench bench({&other});
        bench.settings.generator.remote.insert(bench.settings.generator.remote.begin(), url(peer));
        const int before = other.script->stage1_runs;
        const auto result = bench.produce();
        INFO(words);
        CHECK(result.outcome == Outcome::passed);
        CHECK(other.script->stage1_runs == before + 1);
        CHECK(bench.says("backend failed backend=" + url(peer)));
        CHECK(std::any_of(bench.lines.begin(), bench.lines.end(), [&](const auto& line) {
            return line.find("backend failed") != line.npos && line.find(words) != line.npos;
        }));
    }
    Serving::stop_all({&other});
}

TEST_CASE("a backend that is late by its own measure is left for another") {
    Serving slow, other;
    slow.script->delay = 60s;
    slow.settings.http.deadline = 100ms;
    slow.start();
    other.start();
    Bench bench({&slow, &other});
    const auto result = bench.produce();
    Serving::stop_all({&slow, &other});
    CHECK(result.outcome == Outcome::passed);
    CHECK(other.script->stage1_runs == 1);
    CHECK(bench.says("504: not made within 0.1 s"));
}

TEST_CASE("past our own deadline a remote request is given up, here and there") {
    Serving slow, other;
    slow.script->delay = 60s;
    slow.start();
    other.start();
    Bench bench({&slow, &other});
    bench.settings.generator.deadline = 5s;  // in which a backend is chosen
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::late);
    CHECK(other.script->stage1_runs == 0);
    slow.script->delay = 0ms;
    bench.settings.generator.deadline = std::chrono::minutes(10);
    // The backend noticed that nobody waits: it has time for the next.
    CHECK(bench.produce().outcome == Outcome::passed);
    Serving::stop_all({&slow, &other});
    CHECK(slow.script->stage2_runs == 1);
}

TEST_CASE("when no backend answers, nothing is decided") {
    Bench bench;
    // Nobody listens on a port that was free a moment ago.
    bench.settings.generator.remote = {url(tests::LoopbackPeer([](auto&) {}))};
    const auto result = bench.produce();
    CHECK_FALSE(bench.able);
    CHECK(result.end == miner::GenerationResult::End::stranded);
    CHECK(result.outcome == Outcome::none);
    CHECK(result.detail == "no backend is able to take it");
    CHECK(bench.says("backend down"));
    const tests::LoopbackPeer hangs_up(healthy_but([](auto&) {}));
    bench.settings.generator.remote = {url(hangs_up)};
    const auto failed = bench.produce();
    CHECK(bench.able);
    CHECK(failed.end == miner::GenerationResult::End::stranded);
    CHECK(failed.detail.starts_with("every backend failed: "));
    CHECK_FALSE(bench.able_after);  // it rests
}

TEST_CASE("several pictures of one object go to no remote backend, whatever its model takes") {
    const tests::LoopbackPeer prompts_alone([](tests::LoopbackPeer::Socket& socket) {
        tests::read_request(socket);
        const std::string body =
            R"({"status":"healthy","model":{"takes_pictures":false,"takes_prompts":true}})";
        tests::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                                "\r\n\r\n" + body);
    });
    Bench bench;
    bench.settings.generator.remote = {url(prompts_alone)};
    bench.request = miner::MultiImage{{tests::small_png(), tests::small_png()}, {}};
    const auto result = bench.produce();
    CHECK(bench.able);
    CHECK(result.end == miner::GenerationResult::End::stranded);
    CHECK(result.detail.find("several pictures of one object need a device here") !=
          std::string::npos);
    CHECK(prompts_alone.connections() == 1);  // its health alone
}

TEST_CASE("what the request itself is to blame for is not tried at every backend") {
    Serving first, second;
    for (auto* server : {&first, &second}) {
        server->script->voxels = {-1};
        server->start();
    }
    Bench bench({&first, &second});
    const auto result = bench.produce();
    CHECK(result.outcome == Outcome::error);
    CHECK(first.script->stage1_runs == 2);
    CHECK(second.script->stage1_runs == 0);
    bench.request = std::vector<std::uint8_t>{1, 2, 3};
    const auto unreadable = bench.produce();
    Serving::stop_all({&first, &second});
    CHECK(unreadable.outcome == Outcome::error);
    CHECK(unreadable.attempts.empty());
    CHECK(first.script->stage1_runs == 2);
}

TEST_CASE("remote backends want their token") {
    Serving server;
    server.settings.http.token = "0123456789abcdef";
    server.start();
    Bench bench({&server});
    CHECK(bench.produce().end == miner::GenerationResult::End::stranded);
    CHECK(bench.says("401"));
    bench.settings.generator.remote_token = "0123456789abcdef";
    CHECK(bench.produce().outcome == Outcome::passed);
    Serving::stop_all({&server});
}

TEST_CASE("a request that came from another miner is not passed on") {
    Serving worker;
    worker.start();
    Serving front;
    front.settings.generator.device = "none";
    front.settings.generator.remote = {worker.url()};
    front.start();
    const auto own = front.post(tests::form({{"prompt_image_file", tests::picture()}}));
    const auto passed_on =
        front.post(tests::form({{"prompt_image_file", tests::picture()}, {"min_gaussians", "1"}}));
    Serving::stop_all({&worker, &front});
    CHECK(own.status == 200);
    CHECK(passed_on.status == 503);
    CHECK(worker.script->stage1_runs == 1);
}

// Requests given to a load balancer with several miners behind it: real `miner serve`s, and peers
// that do what those cannot be told to do.
#include "tests/miner/balancer.hpp"
#include "tests/miner/generation/pool_bench.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <array>
#include <memory>

using namespace std::chrono_literals;
using storage::Outcome;
using tests::Balancer;
using tests::LoopbackPeer;
using tests::Serving;
using Bench = tests::PoolBench;

namespace {

std::string answer(const std::string& status, const std::string& headers,
                   const std::string& body = "{}") {
    return "HTTP/1.1 " + status + "\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string report(const std::string& name, int places, int free) {
    return "X-Miner-Instance: " + name + "\r\nX-Miner-Places: " + std::to_string(places) +
           "\r\nX-Miner-Free: " + std::to_string(free) + "\r\n";
}

// Says that it is well, and does with calls as `script` says.
LoopbackPeer::Script miner_that(const std::string& name, LoopbackPeer::Script script) {
    return [=](LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        if (request.starts_with("POST ")) return script(socket);
        tests::send(socket, answer("200 OK", report(name, 1, 1), R"({"status":"healthy"})"));
    };
}

// Refuses whoever would have to wait and does not want to, as where callers always queue; lets
// others do what that `miner serve` does.
LoopbackPeer::Script always_queued_at(const std::string& name, const Serving& serving,
                                      std::atomic<int>& refusals) {
    return [=, &serving, &refusals](LoopbackPeer::Socket& socket) {
        const auto request = tests::read_request(socket);
        if (!request.starts_with("POST "))
            return tests::send(socket,
                               answer("200 OK", report(name, 1, 0), R"({"status":"healthy"})"));
        if (request.find("\r\nx-miner-queue: no\r\n") == std::string::npos)
            return tests::pass_on(socket, request, serving.port());
        ++refusals;
        tests::send(socket,
                    answer("429 Too Many Requests", "Retry-After: 1\r\n" + report(name, 1, 0)));
    };
}

// Takes connections and answers nothing until it is let go, as a machine whose program hangs.
class Hanging {
public:
    std::uint16_t port() const { return peer_.port(); }
    bool is_asked() const { return peer_.connections() > 0; }
    void let_go() { over_ = true; }

private:
    std::atomic<bool> over_ = false;
    LoopbackPeer peer_{
        [this](LoopbackPeer::Socket&) { tests::eventually([this] { return over_.load(); }); }};
};

// Three `miner serve`s, each of which holds what it has until it is let go.
struct Three {
    std::array<Serving, 3> servers;

    explicit Three(bool held = true) {
        for (auto& server : servers) {
            server.script->held = held;
            server.start();
        }
    }
    ~Three() {
        let_go();
        Serving::stop_all({&servers[0], &servers[1], &servers[2]});
    }
    void let_go() {
        for (auto& server : servers) server.script->held = false;
    }
    std::uint16_t port(int which) const { return servers[std::size_t(which) % 3].port(); }
    int made() const {
        int count = 0;
        for (const auto& server : servers) count += server.script->stage1_runs;
        return count;
    }
};

}  // namespace

TEST_CASE("as many requests are at work as stand behind a balancer, whomever it sends them to") {
    Three three;
    // Every call goes to the first two more often than not, as lots may fall.
    const Balancer balancer([&](bool call, int before) {
        return three.port(call ? std::array{0, 0, 1, 0, 1, 1, 2}[std::size_t(before) % 7] : before);
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    std::thread release([&] {
        // None ends before each has one; and none waits behind another while there are idle ones.
        const auto each_has_one = [&] {
            return std::all_of(three.servers.begin(), three.servers.end(),
                               [](const auto& each) { return each.script->stage1_runs == 1; });
        };
        CHECK(tests::eventually(each_has_one));
        for (const auto& each : three.servers)
            CHECK(each.get("/metrics").body.find("\nminer_generate_waiting 0\n") !=
                  std::string::npos);
        three.let_go();
    });
    const auto results = bench.produce(5);
    release.join();
    CHECK(bench.places == 3);
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    CHECK(three.made() == 5);
    CHECK_FALSE(bench.says("backend failed"));
    CHECK(bench.says("backend has backend=" + balancer.url() + " instances=3 places=3"));
}

TEST_CASE("what one behind a balancer loses in the middle another makes") {
    const auto loss = GENERATE(0, 1, 2, 3);
    Serving well;
    well.start();
    const LoopbackPeer dying(miner_that("dying", [=](LoopbackPeer::Socket& socket) {
        if (loss == 1) tests::send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nply");
        // As HAProxy tells of a server that went.
        if (loss == 2) tests::send(socket, answer("502 Bad Gateway", ""));
        if (loss == 3) tests::send(socket, answer("200 OK", report("dying", 1, 1), "nonsense"));
    }));
    std::atomic<bool> dead = false;
    const Balancer balancer([&](bool call, int before) -> std::uint16_t {
        if (call && before == 0) {
            dead = loss != 3;  // one that answers nonsense stays
            return dying.port();
        }
        return before % 2 == 0 && !dead && !call ? dying.port() : well.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    const auto result = bench.produce();
    Serving::stop_all({&well});
    INFO(loss);
    CHECK(bench.places == 2);
    CHECK(result.outcome == Outcome::passed);
    CHECK(well.script->stage1_runs == 1);
    CHECK(balancer.calls() == 2);
    CHECK(bench.says("backend lost one"));
    CHECK_FALSE(bench.says("backend failed"));
    CHECK(bench.able_after);
}

TEST_CASE("one behind a balancer that stands down is passed over at once, and counts no more") {
    Serving well;
    well.start();
    std::atomic<int> refusals = 0;
    const LoopbackPeer draining(miner_that("draining", [&](LoopbackPeer::Socket& socket) {
        ++refusals;
        tests::send(socket, answer("503 Service Unavailable",
                                   "Retry-After: 200\r\n" + report("draining", 0, 0)));
    }));
    const Balancer balancer([&](bool call, int before) {
        return (call ? before == 0 : before % 2 == 0) ? draining.port() : well.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    const auto results = bench.produce(3);
    Serving::stop_all({&well});
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    CHECK(refusals == 1);
    CHECK(well.script->stage1_runs == 3);
    CHECK_FALSE(bench.says("backend failed"));
}

TEST_CASE("when all behind a balancer are full it is asked again when they say, and not before") {
    std::atomic<int> calls = 0;
    std::atomic<bool> full = true;
    Serving well;
    well.start();
    const auto refusing = [&](const std::string& name) {
        return miner_that(name, [&, name](LoopbackPeer::Socket& socket) {
            ++calls;
            tests::send(socket,
                        answer("429 Too Many Requests", "Retry-After: 1\r\n" + report(name, 1, 0)));
        });
    };
    const LoopbackPeer first(refusing("first")), second(refusing("second"));
    const Balancer balancer([&](bool call, int before) {
        if (!call || before < 2) return before % 2 == 0 ? first.port() : second.port();
        return well.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    const auto begin = std::chrono::steady_clock::now();
    const auto result = bench.produce();
    const auto took = std::chrono::steady_clock::now() - begin;
    Serving::stop_all({&well});
    CHECK(result.outcome == Outcome::passed);
    CHECK(calls == 2);  // each was asked once
    CHECK(balancer.calls() == 3);
    CHECK(took >= 1s);
    CHECK(bench.says("backend full"));
    CHECK_FALSE(bench.says("backend failed"));
    CHECK(bench.able_after);
}

TEST_CASE("a request that nobody behind a balancer has room for in its time is left to others") {
    const auto refusing = [](const std::string& name) {
        return miner_that(name, [name](LoopbackPeer::Socket& socket) {
            tests::send(socket, answer("429 Too Many Requests",
                                       "Retry-After: 300\r\n" + report(name, 1, 0)));
        });
    };
    const LoopbackPeer first(refusing("first")), second(refusing("second"));
    const Balancer balancer(
        [&](bool, int before) { return before % 2 == 0 ? first.port() : second.port(); });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    bench.settings.generator.deadline = 5s;  // in which both refuse
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::stranded);
    CHECK(result.outcome == Outcome::none);
    CHECK(result.attempts.empty());
    CHECK(result.detail.starts_with("no backend had room within generator.deadline, 5 s: "));
    // Whoever asked and gives up waiting has stopped it.
    bench.settings.generator.deadline = 10min;
    bench.stop_once = [&] { return balancer.calls() >= 4; };
    CHECK(bench.produce().end == miner::GenerationResult::End::stopped);
}

TEST_CASE("those who always queue do not keep out for good who would rather be refused") {
    Serving well;
    well.start();
    std::atomic<int> refusals = 0;
    const LoopbackPeer first(always_queued_at("first", well, refusals)),
        second(always_queued_at("second", well, refusals));
    const Balancer balancer(
        [&](bool, int before) { return before % 2 == 0 ? first.port() : second.port(); });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    bench.settings.generator.deadline = 60s;
    const auto result = bench.produce();
    Serving::stop_all({&well});
    CHECK(result.outcome == Outcome::passed);
    CHECK(well.script->stage1_runs == 1);
    CHECK(refusals >= 3);  // it did not queue before it was refused twice
}

TEST_CASE("a retry waits in a queue rather than that the attempt before it is made anew") {
    Serving well;
    well.script->voxels = {50, 100};
    well.start();
    std::atomic<int> refusals = 0;
    const LoopbackPeer first(always_queued_at("first", well, refusals)),
        second(always_queued_at("second", well, refusals));
    const Balancer balancer([&](bool call, int before) {
        if (call && before == 0) return well.port();
        return before % 2 == 0 ? first.port() : second.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    bench.settings.generator.deadline = 60s;
    const auto result = bench.produce();
    Serving::stop_all({&well});
    CHECK(result.outcome == Outcome::retry_passed);
    CHECK(result.attempts.size() == 2);
    CHECK(well.script->stage1_runs == 2);
    CHECK(refusals >= 1);  // one that is idle would have been better
    CHECK_FALSE(bench.says("backend full"));
}

TEST_CASE("a sparse structure from behind a balancer is an answer, no loss and no refusal") {
    Serving sparse, dense;
    sparse.script->voxels = {99};
    dense.script->voxels = {120};
    sparse.start();
    dense.start();
    const Balancer balancer(
        [&](bool, int before) { return before % 2 == 0 ? sparse.port() : dense.port(); });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    const auto result = bench.produce();
    Serving::stop_all({&sparse, &dense});
    CHECK(bench.places == 2);
    CHECK(result.outcome == Outcome::retry_passed);
    REQUIRE(result.attempts.size() == 2);
    CHECK(result.attempts[0].gaussians == 3168);
    CHECK(sparse.script->stage1_runs == 1);
    CHECK(dense.script->stage1_runs == 1);
    CHECK(balancer.calls() == 2);
    for (const auto* words : {"backend lost one", "backend full", "backend failed"})
        CHECK_FALSE(bench.says(words));
    CHECK(bench.able_after);
}

TEST_CASE("one behind a balancer that hangs does not hold up what another can make") {
    Serving well;
    well.start();
    const LoopbackPeer dying(miner_that("dying", [](LoopbackPeer::Socket&) {}));
    Hanging hanging;
    std::atomic<bool> dead = false;
    const Balancer balancer([&](bool call, int before) {
        if (call && before == 0) {
            dead = true;
            return dying.port();
        }
        if (call || before % 2 == 0) return well.port();
        return dead ? hanging.port() : dying.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    const auto result = bench.produce();
    hanging.let_go();
    Serving::stop_all({&well});
    CHECK(bench.places == 2);
    CHECK(result.outcome == Outcome::passed);
    CHECK(balancer.calls() == 2);
    CHECK(bench.says("backend lost one"));
    CHECK_FALSE(bench.says(" instances=1 "));  // it was made before all questions were over
}

TEST_CASE("whoever stops does not wait until all behind a balancer were asked") {
    Serving well;
    well.start();
    Hanging hanging;
    std::atomic<bool> dead = false;
    const Balancer balancer([&](bool call, int) -> std::uint16_t {
        if (call) {
            dead = true;
            return 0;
        }
        return dead ? hanging.port() : well.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    bench.stop_once = [&] { return hanging.is_asked(); };
    const auto result = bench.produce();
    hanging.let_go();
    Serving::stop_all({&well});
    CHECK(result.end == miner::GenerationResult::End::stopped);
    CHECK_FALSE(bench.says("backend down"));  // as it would be known to be, had all been asked
    CHECK_FALSE(bench.says("backend failed"));
}

TEST_CASE("a single backend that is full gets no mark, and another takes the request at once") {
    const bool tells = GENERATE(false, true);
    Serving other;
    other.start();
    const LoopbackPeer peer([&](LoopbackPeer::Socket& socket) {
        const auto who = tells ? report("full", 1, 0) : std::string();
        tests::send(socket, tests::read_request(socket).starts_with("POST ")
                                ? answer("429 Too Many Requests", "Retry-After: 300\r\n" + who)
                                : answer("200 OK", who, R"({"status":"healthy"})"));
    });
    Bench bench({&other});
    bench.settings.generator.remote.insert(bench.settings.generator.remote.begin(),
                                           "http://127.0.0.1:" + std::to_string(peer.port()));
    const auto results = bench.produce(2);
    Serving::stop_all({&other});
    for (const auto& result : results) CHECK(result.outcome == Outcome::passed);
    CHECK(other.script->stage1_runs == 2);
    CHECK(bench.says("backend full"));
    CHECK_FALSE(bench.says("backend failed"));
}

TEST_CASE("what is lost and finds no other in time was not for want of room") {
    const LoopbackPeer dying(miner_that("dying", [](LoopbackPeer::Socket&) {}));
    Hanging hanging;
    std::atomic<bool> dead = false;
    const Balancer balancer([&](bool call, int) {
        if (call) dead = true;
        return call || !dead ? dying.port() : hanging.port();
    });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    // In which the loss comes first, and before questions that hang are given up.
    bench.settings.generator.deadline = 4s;
    const auto result = bench.produce();
    hanging.let_go();
    CHECK(result.end == miner::GenerationResult::End::stranded);
    CHECK(result.detail.starts_with("no backend made it within generator.deadline, 4 s: "));
    CHECK(bench.says("backend lost one"));
}

TEST_CASE("what a proxy refuses for itself another backend makes") {
    const std::string status = GENERATE("413 Content Too Large", "400 Bad Request");
    Serving other;
    other.start();
    // Its headers are the proxy's own, as nginx's with too small a client_max_body_size.
    const LoopbackPeer proxy([&](LoopbackPeer::Socket& socket) {
        tests::send(socket,
                    tests::read_request(socket).starts_with("POST ")
                        ? answer(status, "", "<html>nginx</html>")
                        : answer("200 OK", report("behind", 1, 1), R"({"status":"healthy"})"));
    });
    Bench bench({&other});
    bench.settings.generator.remote.insert(bench.settings.generator.remote.begin(),
                                           "http://127.0.0.1:" + std::to_string(proxy.port()));
    const auto result = bench.produce();
    Serving::stop_all({&other});
    INFO(status);
    CHECK(result.outcome == Outcome::passed);
    CHECK(other.script->stage1_runs == 1);
    CHECK(bench.says("backend failed"));
}

TEST_CASE("a request that loses whoever has it is not given to all") {
    std::atomic<int> calls = 0;
    const LoopbackPeer dying(miner_that("dying", [&](LoopbackPeer::Socket&) { ++calls; }));
    Bench bench;
    bench.settings.generator.remote = {"http://127.0.0.1:" + std::to_string(dying.port())};
    const auto result = bench.produce();
    CHECK(result.end == miner::GenerationResult::End::stranded);
    CHECK(calls == 3);
    CHECK(bench.says("backend failed"));
    CHECK_FALSE(bench.able_after);  // it rests
}

TEST_CASE("whoever waits for room behind a balancer gives up at its deadline") {
    Three three;
    const Balancer balancer([&](bool, int before) { return three.port(before); });
    Bench bench;
    bench.settings.generator.remote = {balancer.url()};
    bench.settings.generator.deadline = 1s;
    // Late are those that were at work; those that waited are left to others.
    for (const auto& result : bench.produce(5)) {
        CHECK(result.undecided());
        CHECK(result.end != miner::GenerationResult::End::stopped);
    }
    CHECK(three.made() <= 3);
    three.let_go();  // the balancer does not hear that its callers have gone
}

#include "miner/generation/candidate_queue.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <stop_token>
#include <utility>

using miner::CandidateQueue;
namespace asio = boost::asio;

namespace {

struct Bench {
    asio::io_context io{1};
    CandidateQueue queue{io.get_executor()};
    std::stop_source stop;
    bool has_room = false, has_finished = false, is_not_making = false;
    int taken = 0;  // number of the last; -1: there is none any more

    Bench() = default;
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;
    ~Bench() {  // nobody waits for a queue that is gone
        stop.request_stop();
        run();
    }

    void put_structure(int number) {
        CandidateQueue::Made made{.number = number};
        made.attempt.emplace();
        queue.put(std::move(made));
    }
    void put_splats(int number) {
        CandidateQueue::Made made{.number = number};
        made.generated.splats.position.push_back({0, 0, 0});
        queue.put(std::move(made));
    }
    void begin(asio::awaitable<void> work) {
        asio::co_spawn(io, std::move(work), asio::detached);
        run();
    }
    void run() {
        io.restart();
        io.poll();
    }
    void take() {
        taken = 0;
        begin(take_one());
    }
    void wait_for_room() {
        has_room = false;
        begin(await_room());
    }
    void wait_until_finished() {
        has_finished = false;
        begin(await_finished());
    }
    void wait_until_not_making() {
        is_not_making = false;
        begin(await_not_making());
    }

private:
    asio::awaitable<void> take_one() {
        auto made = co_await queue.take(stop.get_token());
        taken = made ? made->number : -1;
    }
    asio::awaitable<void> await_room() {
        co_await queue.until_room(stop.get_token());
        has_room = true;
    }
    asio::awaitable<void> await_finished() {
        co_await queue.until_finished(stop.get_token());
        has_finished = true;
    }
    asio::awaitable<void> await_not_making() {
        co_await queue.until_not_making(stop.get_token());
        is_not_making = true;
    }
};

}  // namespace

TEST_CASE("what is made of candidates is taken in order, by whoever waits for it, until all is") {
    Bench bench;
    bench.take();
    CHECK(bench.taken == 0);
    bench.put_structure(1);
    bench.run();
    CHECK(bench.taken == 1);
    bench.put_splats(2);
    bench.put_structure(3);
    bench.queue.close();
    bench.take();
    CHECK(bench.taken == 2);
    bench.take();
    CHECK(bench.taken == 3);
    bench.take();
    CHECK(bench.taken == -1);
}

TEST_CASE("there is room for one candidate's splats beside those that are being finished") {
    Bench bench;
    bench.wait_for_room();
    CHECK(bench.has_room);
    bench.put_structure(1);
    bench.wait_for_room();
    CHECK(bench.has_room);
    bench.put_splats(1);
    bench.wait_for_room();
    CHECK_FALSE(bench.has_room);
    bench.take();
    CHECK_FALSE(bench.has_room);
    bench.take();
    CHECK(bench.has_room);
}

TEST_CASE("all candidates are finished when none waits and whoever finishes them asks for more") {
    Bench bench;
    bench.wait_until_finished();
    CHECK_FALSE(bench.has_finished);  // nobody has begun to
    bench.take();
    CHECK(bench.has_finished);

    bench.put_splats(1);
    bench.run();
    REQUIRE(bench.taken == 1);
    bench.wait_until_finished();
    CHECK_FALSE(bench.has_finished);
    bench.put_splats(2);
    bench.take();
    CHECK_FALSE(bench.has_finished);
    bench.take();
    CHECK(bench.has_finished);
}

TEST_CASE("nothing is being made while whoever makes waits, and once all was put") {
    Bench bench;
    bench.wait_until_not_making();
    CHECK_FALSE(bench.is_not_making);
    bench.put_splats(1);
    bench.run();
    CHECK_FALSE(bench.is_not_making);
    SECTION("for room") { bench.wait_for_room(); }
    SECTION("for what is being finished") { bench.wait_until_finished(); }
    SECTION("all was put") { bench.queue.close(); }
    bench.run();
    CHECK(bench.is_not_making);
}

TEST_CASE("whoever waits for candidates, or for room, hears of a stop") {
    Bench bench;
    SECTION("for room, and until nothing is being made") {
        bench.put_splats(1);
        bench.wait_for_room();
        REQUIRE_FALSE(bench.has_room);
        bench.stop.request_stop();
        bench.run();
        CHECK(bench.has_room);
        bench.wait_until_not_making();
        CHECK(bench.is_not_making);
    }
    SECTION("until all are finished") {
        bench.wait_until_finished();
        REQUIRE_FALSE(bench.has_finished);
        bench.stop.request_stop();
        bench.run();
        CHECK(bench.has_finished);
    }
    SECTION("for the next") {
        bench.take();
        bench.stop.request_stop();
        bench.run();
        CHECK(bench.taken == -1);
        bench.put_splats(1);  // comes too late
        bench.take();
        CHECK(bench.taken == -1);
    }
}

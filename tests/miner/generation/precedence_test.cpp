#include "miner/generation/precedence.hpp"

#include "network/run_alone.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

using miner::Precedence;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Whoever has `rank` waits for its turn at a backend of so many places, and then writes its name.
asio::awaitable<void> wait(Precedence& precedence, int rank, std::string name, std::string& order,
                           std::chrono::steady_clock::time_point until, std::stop_token stop = {},
                           std::size_t places = 1) {
    std::optional<Precedence::Place> place;
    place.emplace(precedence);
    place->move_to(rank);
    auto turn = precedence.turn(
        *place, [places] { return places; }, until, stop);
    const bool mine = co_await std::move(turn);
    order += mine ? name : "-";
}

auto later() { return std::chrono::steady_clock::now() + 10min; }

}  // namespace

TEST_CASE("whoever has no result yet goes first, then whoever has made fewer candidates") {
    asio::io_context io{1};
    Precedence precedence;
    std::string order;
    std::optional<Precedence::Place> first;
    first.emplace(precedence);
    asio::co_spawn(io, wait(precedence, 3, "c", order, later()), asio::detached);
    asio::co_spawn(io, wait(precedence, 1, "a", order, later()), asio::detached);
    asio::co_spawn(io, wait(precedence, 2, "b", order, later()), asio::detached);
    asio::co_spawn(io, wait(precedence, 0, "0", order, later()), asio::detached);
    io.poll();
    CHECK(order == "0");
    first.reset();
    io.run();
    CHECK(order == "0abc");
}

TEST_CASE("those of one rank do not wait for each other") {
    asio::io_context io{1};
    Precedence precedence;
    Precedence::Place one(precedence), other(precedence);
    one.move_to(2);
    other.move_to(2);
    bool mine = false;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            auto turn = precedence.turn(one, [] { return 1; }, later(), {});
            mine = co_await std::move(turn);
        },
        asio::detached);
    io.run();
    CHECK(mine);
}

TEST_CASE("where several are made at once whoever has no result holds up one candidate less") {
    asio::io_context io{1};
    Precedence precedence;
    std::string order;
    std::optional<Precedence::Place> first;
    first.emplace(precedence);
    Precedence::Place candidate(precedence);  // of another, under way
    candidate.move_to(1);
    asio::co_spawn(io, wait(precedence, 1, "b", order, later(), {}, 3), asio::detached);
    io.poll();
    CHECK(order == "b");
    io.restart();
    asio::co_spawn(io, wait(precedence, 1, "c", order, later(), {}, 2), asio::detached);
    io.poll();
    CHECK(order == "b");
    first.reset();
    io.run();
    CHECK(order == "bc");
}

TEST_CASE("whoever waits for its turn, or for room, or is served, keeps no place from others") {
    asio::io_context io{1};
    Precedence precedence;
    int rested = 0;
    precedence.on_rest([&] { ++rested; });
    std::string order;
    std::optional<Precedence::Place> first, waiting;
    first.emplace(precedence);
    waiting.emplace(precedence, Precedence::At::rest);
    CHECK(precedence.at_work() == 1);
    asio::co_spawn(io, wait(precedence, 1, "a", order, later()), asio::detached);
    io.poll();
    CHECK(precedence.at_work() == 1);
    CHECK(rested == 1);
    first->retire();
    io.poll();
    CHECK(precedence.at_work() == 0);
    CHECK(rested == 2);
    CHECK(order.empty());  // the one that waits for room comes first
    waiting.reset();
    io.run();
    CHECK(order == "a");
    CHECK(precedence.at_work() == 0);
    first.reset();
    CHECK(precedence.at_work() == 0);
}

TEST_CASE("waiting for one's turn ends when time is over, and when it is told to") {
    asio::io_context io{1};
    Precedence precedence;
    Precedence::Place first(precedence);
    std::string order;
    std::stop_source stop;
    SECTION("time") {
        asio::co_spawn(io, wait(precedence, 1, "a", order, std::chrono::steady_clock::now() + 5ms),
                       asio::detached);
    }
    SECTION("told") {
        asio::co_spawn(io, wait(precedence, 1, "a", order, later(), stop.get_token()),
                       asio::detached);
        io.poll();
        CHECK(order.empty());
        asio::post(io, [&] { stop.request_stop(); });
    }
    io.run();
    CHECK(order == "-");
}

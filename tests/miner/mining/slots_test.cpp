#include "miner/mining/slots.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>
#include <vector>

using miner::Slots;
namespace asio = boost::asio;

namespace {

// Of a single slot; what they took.
struct Takers {
    asio::io_context io{1};
    Slots slots{io.get_executor(), 1};
    std::vector<Slots::Slot> taken;

    asio::awaitable<void> take() {
        auto slot = co_await slots.take();
        taken.push_back(std::move(slot));
    }
};

}  // namespace

TEST_CASE("a slot is waited for until another is released, by hand or at its end") {
    Takers takers;
    auto& [io, slots, taken] = takers;
    for (int i = 0; i < 3; ++i) asio::co_spawn(io, takers.take(), asio::detached);
    io.poll();
    CHECK(taken.size() == 1);
    CHECK(slots.free() == 0);
    taken[0].release();
    taken[0].release();  // once is enough
    io.poll();
    REQUIRE(taken.size() == 2);
    CHECK(slots.free() == 0);
    taken.pop_back();
    io.run();
    REQUIRE(taken.size() == 2);
    taken.clear();
    CHECK(slots.free() == 1);
}

TEST_CASE("more slots are there at once for who waits, and of fewer those taken end first") {
    Takers takers;
    auto& [io, slots, taken] = takers;
    for (int i = 0; i < 4; ++i) asio::co_spawn(io, takers.take(), asio::detached);
    io.poll();
    CHECK(taken.size() == 1);
    slots.set_count(3);
    io.poll();
    CHECK(taken.size() == 3);
    slots.set_count(1);
    CHECK(slots.free() == 0);
    taken.pop_back();
    taken.pop_back();
    io.poll();
    CHECK(taken.size() == 1);  // and the fourth waits still
    CHECK(slots.free() == 0);
    taken.clear();
    io.run();
    CHECK(taken.size() == 1);
}

#include "miner/mining/late_steps.hpp"

#include "storage/errc.hpp"
#include "tests/support/catch.hpp"

#include <optional>
#include <string>

using miner::LateSteps;
using storage::Errc;

namespace {

// A database that fails as it is told, and what it took.
struct Disk {
    std::optional<Errc> failing;
    std::string taken;

    LateSteps::Step step(char name) {
        return [this, name]() -> config::Result<void> {
            if (failing) return config::fail(*failing, "as told");
            taken += name;
            return {};
        };
    }
};

}  // namespace

TEST_CASE("steps that a disk does not take are made in order once it does") {
    Disk disk{.failing = GENERATE(Errc::full, Errc::locked, Errc::read_only, Errc::io)};
    LateSteps late;
    const auto taken = late.take(disk.step('a'));
    CHECK(taken.made.error().code == *disk.failing);
    CHECK(taken.waits);
    CHECK(late.take(disk.step('b')).waits);
    CHECK(late.waiting() == 2);
    CHECK_FALSE(late.catch_up().has_value());
    disk.failing.reset();
    CHECK(late.take(disk.step('c')).made.has_value());
    CHECK(disk.taken == "abc");
    CHECK(late.waiting() == 0);
}

TEST_CASE("a step that can never succeed does not hold up those behind it") {
    Disk disk{.failing = GENERATE(Errc::out_of_order, Errc::missing, Errc::corrupt)};
    LateSteps late;
    const auto taken = late.take(disk.step('a'));
    CHECK_FALSE(taken.made.has_value());
    CHECK_FALSE(taken.waits);
    CHECK(late.waiting() == 0);
    CHECK(late.lost() == 0);
}

TEST_CASE("one that cannot follow any more is left out of those that wait") {
    Disk disk{.failing = Errc::full};
    LateSteps late;
    CHECK(late.take(disk.step('a')).waits);
    disk.failing = Errc::out_of_order;
    CHECK(late.catch_up().has_value());
    disk.failing.reset();
    CHECK(late.take(disk.step('b')).made.has_value());
    CHECK(disk.taken == "b");
}

TEST_CASE("of steps that wait there are ten thousand at most, and those beyond are counted") {
    Disk disk{.failing = Errc::full};
    LateSteps late;
    for (std::size_t i = 0; i < LateSteps::kMost; ++i) CHECK(late.take(disk.step('a')).waits);
    CHECK(late.lost() == 0);
    for (int i = 0; i < 5; ++i) {
        const auto taken = late.take(disk.step('b'));
        CHECK(taken.made.error().code == Errc::full);
        CHECK_FALSE(taken.waits);
    }
    CHECK(late.waiting() == LateSteps::kMost);
    CHECK(late.lost() == 5);
}

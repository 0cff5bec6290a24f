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
    CHECK(late.take(disk.step('a')).error().code == *disk.failing);
    CHECK_FALSE(late.take(disk.step('b')).has_value());
    CHECK(late.waiting() == 2);
    CHECK_FALSE(late.catch_up().has_value());
    disk.failing.reset();
    CHECK(late.take(disk.step('c')).has_value());
    CHECK(disk.taken == "abc");
    CHECK(late.waiting() == 0);
}

TEST_CASE("a step that can never succeed does not hold up those behind it") {
    Disk disk{.failing = GENERATE(Errc::out_of_order, Errc::missing, Errc::corrupt)};
    LateSteps late;
    CHECK_FALSE(late.take(disk.step('a')).has_value());
    CHECK(late.waiting() == 0);
}

TEST_CASE("one that cannot follow any more is left out of those that wait") {
    Disk disk{.failing = Errc::full};
    LateSteps late;
    CHECK_FALSE(late.take(disk.step('a')).has_value());
    disk.failing = Errc::out_of_order;
    CHECK(late.catch_up().has_value());
    disk.failing.reset();
    CHECK(late.take(disk.step('b')).has_value());
    CHECK(disk.taken == "b");
}

TEST_CASE("of steps that wait there are ten thousand at most") {
    Disk disk{.failing = Errc::full};
    LateSteps late;
    for (std::size_t i = 0; i < LateSteps::kMost + 5; ++i)
        CHECK_FALSE(late.take(disk.step('a')).has_value());
    CHECK(late.waiting() == LateSteps::kMost);
}

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
    std::string taken = {};
    int transactions = 0;  // of several steps

    LateSteps::Together together() {
        return [this](const LateSteps::Step& several) -> config::Result<void> {
            ++transactions;
            const auto before = taken;
            auto made = several();
            if (!made) taken = before;
            return made;
        };
    }

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
    LateSteps late(disk.together());
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
    LateSteps late(disk.together());
    const auto taken = late.take(disk.step('a'));
    CHECK_FALSE(taken.made.has_value());
    CHECK_FALSE(taken.waits);
    CHECK(late.waiting() == 0);
    CHECK(late.lost() == 0);
}

TEST_CASE("one that cannot follow any more is left out of those that wait") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
    CHECK(late.take(disk.step('a')).waits);
    disk.failing = Errc::out_of_order;
    CHECK(late.catch_up().has_value());
    disk.failing.reset();
    CHECK(late.take(disk.step('b')).made.has_value());
    CHECK(disk.taken == "b");
}

TEST_CASE("of those that wait, one that a damaged database refuses is counted as lost") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
    CHECK(late.take(disk.step('a')).waits);
    CHECK(late.take(disk.step('b')).waits);
    disk.failing = Errc::corrupt;
    CHECK(late.catch_up().has_value());
    CHECK(late.waiting() == 0);
    CHECK(late.lost() == 2);
}

TEST_CASE("one that a damaged database refuses is counted once, whatever is undone with it") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
    CHECK(late.take(disk.step('a')).waits);
    CHECK(late.take([]() -> config::Result<void> { return config::fail(Errc::corrupt, "as told"); })
              .waits);
    int tried = 0;
    CHECK(late.take([&, step = disk.step('c')]() -> config::Result<void> {
                  if (++tried == 1) return config::fail(Errc::full, "as told");
                  return step();
              })
              .waits);
    disk.failing.reset();
    CHECK(late.catch_up().has_value());
    CHECK(tried == 2);  // the second time one by one
    CHECK(disk.taken == "ac");
    CHECK(late.waiting() == 0);
    CHECK(late.lost() == 1);
}

TEST_CASE("of steps that wait there are ten thousand at most, and those beyond are counted") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
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

TEST_CASE("thousands that wait are made in portions, in order, each a transaction") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
    std::string all;
    for (std::size_t i = 0; i < 2 * LateSteps::kAtOnce + 20; ++i) {
        all += char('a' + i % 26);
        CHECK(late.take(disk.step(all.back())).waits);
    }
    disk.failing.reset();
    disk.transactions = 0;
    CHECK(late.catch_up().has_value());
    CHECK(disk.taken.size() == LateSteps::kAtOnce);
    // Those behind wait for what is before them, though nothing fails.
    const auto next = late.take(disk.step('!'));
    CHECK(next.made.has_value());
    CHECK(next.waits);
    CHECK(disk.taken.size() == 2 * LateSteps::kAtOnce);
    CHECK(late.waiting() == 21);
    CHECK(late.catch_up().has_value());
    CHECK(disk.taken == all + '!');
    CHECK(disk.transactions == 3);
    CHECK(late.waiting() == 0);
    CHECK(late.catch_up().has_value());
    CHECK(disk.transactions == 3);
}

TEST_CASE("what the disk takes of a portion is made, up to the first that it does not take") {
    Disk disk{.failing = Errc::full};
    LateSteps late(disk.together());
    bool full = true;
    CHECK(late.take(disk.step('a')).waits);
    CHECK(late.take(disk.step('b')).waits);
    CHECK(late.take([&, step = disk.step('c')]() -> config::Result<void> {
                  if (full) return config::fail(Errc::full, "as told");
                  return step();
              })
              .waits);
    CHECK(late.take(disk.step('d')).waits);
    disk.failing.reset();
    CHECK(late.catch_up().error().code == Errc::full);
    CHECK(disk.taken == "ab");
    CHECK(late.waiting() == 2);
    full = false;
    CHECK(late.catch_up().has_value());
    CHECK(disk.taken == "abcd");
}

TEST_CASE("while the database is locked, none is tried by itself") {
    Disk disk{.failing = Errc::locked};
    int waits = 0;
    LateSteps late([&](const LateSteps::Step&) -> config::Result<void> {
        ++waits;
        return config::fail(Errc::locked, "as told");
    });
    CHECK(late.take(disk.step('a')).waits);
    disk.failing.reset();
    CHECK(late.catch_up().error().code == Errc::locked);
    CHECK(waits == 1);
    CHECK(disk.taken.empty());
    CHECK(late.waiting() == 1);
}

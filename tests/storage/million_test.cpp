// What statistics cost, counted in the steps of SQLite's virtual machine: the same on every machine
// and however busy it is.
#include "tests/storage/million.hpp"
#include "storage/database.hpp"
#include "storage/day_tallies.hpp"
#include "storage/listing.hpp"
#include "storage/report.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <sqlite3.h>

using namespace storage;

namespace {

constexpr std::int64_t kTasks = 20'000;

struct Filled {
    tests::TemporaryFolder folder;
    std::unique_ptr<Database> database = Database::open(folder.path() / "miner.db").value();

    explicit Filled(std::int64_t tasks) { tests::fill(database->handle(), tasks); }

    struct Cost {
        std::int64_t generations, steps;
    };
    template <class Fn>
    std::int64_t steps_of(const Fn& ask) const {
        constexpr int kGrain = 100;
        std::int64_t grains = 0;
        auto* const handle = database->handle().getHandle();
        sqlite3_progress_handler(
            handle, kGrain,
            [](void* count) {
                ++*static_cast<std::int64_t*>(count);
                return 0;
            },
            &grains);
        ask();
        sqlite3_progress_handler(handle, 0, nullptr, nullptr);
        return grains * kGrain;
    }
    Cost of(const Span& span) const {
        std::int64_t generations = 0;
        const auto steps = steps_of([&] {
            const auto got = statistics(*database, span);
            REQUIRE(got);
            generations = got->all.generations;
        });
        return {generations, steps};
    }
};

}  // namespace

TEST_CASE("statistics of the newest tasks cost the same however many there are") {
    const Filled few(kTasks), many(2 * kTasks);
    for (const Span& span : {Span{}, Span{.last = 100, .hotkeys = {"5Hotkey1"}}}) {
        const auto before = few.of(span), after = many.of(span);
        CHECK(before.generations == 100);
        CHECK(after.generations == 100);
        CHECK(before.steps > 0);
        CHECK(after.steps < before.steps * 11 / 10);
    }
}

TEST_CASE("looking for tasks costs the same however many there are, also when it finds none") {
    constexpr std::int64_t kMore = kLongestSearch + 1'000;
    const Filled few(kMore), many(2 * kMore);
    for (const TaskFilter& filter :
         {TaskFilter{}, TaskFilter{.validator = "5Nobody"}, TaskFilter{.below = 0},
          TaskFilter{.outcome = Outcome::rejected, .withheld = true}}) {
        const auto look = [&](const Filled& filled) {
            return filled.steps_of([&] { REQUIRE(find_tasks(*filled.database, filter, 10)); });
        };
        const auto before = look(few);
        CHECK(before < kLongestSearch * 100);
        CHECK(look(many) < before * 11 / 10 + 200);
    }
    const auto none = find_tasks(*many.database, {.validator = "5Nobody"}, 10).value();
    CHECK(none.tasks.empty());
    CHECK(none.next == 2 * kMore + 1 - kLongestSearch);
}

TEST_CASE("statistics of all tasks cost in proportion to their number") {
    const Filled few(kTasks), many(2 * kTasks);
    const auto before = few.of({.last = 0}), after = many.of({.last = 0});
    CHECK(before.generations == kTasks * 19 / 20);  // but for those that were skipped
    CHECK(after.generations == 2 * before.generations);
    CHECK(after.steps < before.steps * 22 / 10);
    CHECK(after.steps < 2 * kTasks * 200);  // a million in seconds, not minutes
    const auto one = many.of({.last = 0, .hotkeys = {"5Hotkey1"}});
    CHECK(one.generations > after.generations / 4);
    CHECK(one.generations < after.generations / 2);
    CHECK(one.steps < after.steps * 11 / 10);
}

TEST_CASE("statistics of days that are kept cost by their number, not by the tasks'") {
    const Filled filled(kTasks);
    const auto counted = filled.of({.last = 0});
    keep_days(filled.database->handle(), 2'000'000'000'000);
    const auto kept = filled.of({.last = 0});
    CHECK(kept.generations == counted.generations);
    CHECK(kept.steps * 20 < counted.steps);
}

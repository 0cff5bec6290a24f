#include "storage/report.hpp"

#include "storage/errc.hpp"
#include "tests/storage/recorded_tasks.hpp"
#include "tests/support/catch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <string>

using namespace storage;
using tests::kNotScored;
using tests::RecordedTasks;
using tests::Truth;

TEST_CASE_METHOD(RecordedTasks, "the first and the newest pull are told") {
    for (const int number : {3, 1, 2}) {
        Truth truth;
        truth.task = {"5Our", "5Their", "t" + std::to_string(number), "image", "p", number * 1000};
        truth.outcome = Outcome::rejected;
        truth.finished_at = 9000;
        record(truth);
    }
    const auto all = statistics(database(), {});
    CHECK(all->first == 1000);
    CHECK(all->newest == 3000);
    CHECK(statistics(database(), {.last = 2})->first == 2000);
}

TEST_CASE_METHOD(RecordedTasks, "a judgement stands when a later submission has no effect") {
    Truth truth;
    truth.task = {"5Our", "5Their", "t", "image", "p", 1000};
    truth.outcome = Outcome::passed;
    truth.finished_at = 2000;
    truth.bytes = 9;
    truth.answers = {{.feedback = true, .score = 0.75, .reward = 5, .at = 3000},
                     {.feedback = true, .score = kNotScored, .reward = 6, .at = 4000}};
    truth.round_trips = {1, 1};
    record(truth);
    const auto all = statistics(database(), {})->all;
    CHECK(all.submissions == 1);
    CHECK(all.accepted == 1);
    CHECK(all.not_scored == 0);
    CHECK(all.mean_score == 0.75);
    CHECK(all.last_accepted == 3000);
    CHECK(all.reward == 6);
}

TEST_CASE_METHOD(RecordedTasks,
                 "the empty result is not scored, whatever the validator says of it") {
    Truth truth;
    truth.task = {"5Our", "5Their", "t", "image", "p", 1000};
    truth.outcome = Outcome::rejected;
    truth.finished_at = 2000;
    truth.answers = {{.feedback = true, .score = 0, .reward = 5, .at = 3000}};
    truth.round_trips = {1};
    record(truth);
    const auto all = statistics(database(), {})->all;
    CHECK(all.rejected == 1);
    CHECK(all.submissions + all.accepted + all.zero_scores + all.not_scored == 0);
    CHECK_FALSE(all.mean_score);
    CHECK(all.reward == 5);
}

TEST_CASE_METHOD(RecordedTasks, "validators stand in the order of their generations") {
    tests::Random random(8);
    for (int i = 0; i < 40; ++i) record(random_task(random, i));
    const auto all = statistics(database(), {});
    REQUIRE(all->by_validator.size() > 2);
    CHECK(std::is_sorted(all->by_validator.begin(), all->by_validator.end(),
                         [](const Group& a, const Group& b) {
                             return a.counts.generations > b.counts.generations;
                         }));
}

TEST_CASE_METHOD(RecordedTasks, "a generation that was cut off and made again counts once") {
    Journal journal(database(), "0.1", "hash", 0);
    const PulledTask task{"5Our", "5Their", "t", "image", "p", 1000};
    const auto row = journal.pulled(task)->row;
    REQUIRE(journal.attempted(
        row, {.number = 1, .times = {.structure = 100}, .outcome = AttemptOutcome::sparse}));
    REQUIRE(journal.attempted(
        row, {.number = 2, .times = {.structure = 100}, .outcome = AttemptOutcome::sparse}));
    Journal next(database(), "0.1", "hash", 5000);
    REQUIRE(next.recover(5000));
    REQUIRE(next.pulled({"5Our", "5Their", "t", "image", "p", 6000}));
    REQUIRE(next.attempted(
        row, {.number = 1, .times = {.structure = 7}, .outcome = AttemptOutcome::chosen}));
    REQUIRE(next.finished(row, {.outcome = Outcome::passed, .attempt = 1, .at = 6500}));
    const auto all = statistics(database(), {});
    CHECK(all->all.generations == 1);
    CHECK(all->all.retries == 0);
    CHECK(all->all.sparse_first == 0);
    REQUIRE(all->stages.size() == 2);
    CHECK(all->stages[0].p99 == 7);
    CHECK(all->stages[1].stage == "total");
    CHECK(all->stages[1].p50 == 500);  // without the time that the miner was not running
}

TEST_CASE_METHOD(RecordedTasks, "a damaged or foreign table is a failure, not a count of zero") {
    database().handle().exec("DROP TABLE feedback");
    Truth truth;
    truth.task = {"5Our", "5Their", "t", "image", "p", 1000};
    truth.outcome = Outcome::rejected;
    record(truth);
    const auto got = statistics(database(), {});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::corrupt);
}

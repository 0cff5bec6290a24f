#include "storage/tally.hpp"

#include "tests/storage/same_statistics.hpp"
#include "tests/support/catch.hpp"

#include <vector>

using namespace storage;

namespace {

Decided decided(Outcome outcome) {
    Decided task;
    task.outcome = outcome;
    task.validator = 1;
    return task;
}

Decided scored(double score, std::int64_t validator = 1, double reward = 0, Milliseconds at = 0) {
    Decided task = decided(Outcome::passed);
    task.validator = validator;
    task.submitted = task.feedback = task.scored = task.rewarded = true;
    task.score = score;
    task.reward = reward;
    task.scored_at = task.rewarded_at = at;
    return task;
}

Counts counted(const std::vector<Decided>& tasks) {
    Tally tally;
    for (const auto& task : tasks) tally.add(task);
    return tally.all();
}

}  // namespace

TEST_CASE("each outcome is counted once, and skips are no generations") {
    using enum Outcome;
    const auto counts =
        counted({decided(passed), decided(passed), decided(retry_passed), decided(retry_improved),
                 decided(rejected), decided(error), decided(skipped), decided(skipped)});
    CHECK(counts.generations == 6);
    CHECK(counts.passed_at_once == 2);
    CHECK(counts.retry_passed == 1);
    CHECK(counts.retry_improved == 1);
    CHECK(counts.rejected == 1);
    CHECK(counts.errors == 1);
    CHECK(counts.skipped == 2);
    CHECK(counts.withheld == 0);
    CHECK(counts.success_rate() == 0.5);
}

TEST_CASE("candidates stand beside the retries, and what was withheld is among the rejected") {
    Decided withheld = decided(Outcome::rejected), sent = decided(Outcome::retry_passed);
    withheld.withheld = true;
    withheld.candidates = 3;
    sent.retries = 1;
    sent.candidates = 2;
    const auto counts = counted({withheld, sent, decided(Outcome::rejected)});
    CHECK(counts.generations == 3);
    CHECK(counts.rejected == 2);
    CHECK(counts.withheld == 1);
    CHECK(counts.retries == 1);
    CHECK(counts.candidates == 5);
}

TEST_CASE("of nothing there is no rate, no mean and no reward, rather than zero") {
    const auto counts = counted({});
    CHECK_FALSE(counts.success_rate());
    CHECK_FALSE(counts.mean_score);
    CHECK_FALSE(counts.median_score);
    CHECK_FALSE(counts.last_accepted);
    CHECK_FALSE(counts.reward);
    // What was answered without a judgement has no mean either.
    Decided failed = decided(Outcome::passed);
    failed.submitted = failed.feedback = true;
    CHECK_FALSE(counted({failed}).mean_score);
    CHECK(counted({failed}).not_scored == 1);
}

TEST_CASE("mean and median take zeros in and what was not scored not") {
    Decided failed = scored(0);
    failed.scored = false;
    const auto odd = counted({scored(0), scored(0.9), scored(0.6), failed});
    CHECK(odd.mean_score.value() == Approx(0.5));
    CHECK(odd.median_score == 0.6);
    CHECK(odd.accepted == 2);
    CHECK(odd.zero_scores == 1);
    CHECK(odd.not_scored == 1);
    const auto even = counted({scored(0.9), scored(0), scored(0.8), scored(0.6)});
    CHECK(even.median_score.value() == Approx(0.7));
}

TEST_CASE("the newest acceptance is of judgements above zero") {
    CHECK(counted({scored(0.9, 1, 0, 50), scored(0.8, 2, 0, 40), scored(0, 1, 0, 90)})
              .last_accepted == 50);
    CHECK_FALSE(counted({scored(0, 1, 0, 90)}).last_accepted);
}

TEST_CASE("the reward is the newest of each validator, summed") {
    const auto counts = counted(
        {scored(1, 1, 10, 100), scored(1, 1, 30, 300), scored(1, 1, 20, 200), scored(1, 2, 5, 50)});
    CHECK(counts.reward == 35);
}

TEST_CASE("the reward is told with the empty result and with a skip, too") {
    Decided skip = decided(Outcome::skipped);
    skip.rewarded = true;
    skip.reward = 7;
    skip.rewarded_at = 200;
    const auto counts = counted({scored(1, 1, 10, 100), skip});
    CHECK(counts.reward == 7);
    CHECK(counts.accepted == 1);
    CHECK(counts.not_scored == 0);
}

TEST_CASE("percentiles are of the nearest rank") {
    Distribution times;
    for (int i = 1; i <= 100; ++i) times.add(bucket_of_time(i));
    const auto all = percentiles("latent", times);
    CHECK(all.stage == "latent");
    CHECK(all.count == 100);
    CHECK(all.p50 == 50);
    CHECK(all.p90 == 90);
    CHECK(all.p99 == 99);
    CHECK(percentiles("latent", {}).p99 == 0);
}

TEST_CASE("a stage's total is the sum of its times, few or many") {
    Distribution times;
    CHECK(percentiles("latent", times).total == 0);
    for (int i = 1; i <= 100; ++i) times.add(bucket_of_time(i));
    CHECK(percentiles("latent", times).total == Approx(5050));
    for (int round = 1; round < 50; ++round)
        for (int i = 1; i <= 100; ++i) times.add(bucket_of_time(i));
    CHECK(percentiles("latent", times).total == Approx(50 * 5050));
}

TEST_CASE("the tally of parts that are added up is that of the whole") {
    std::vector<Decided> tasks;
    for (int i = 0; i < 60; ++i) {
        auto task = i % 7 == 0 ? decided(Outcome(1 + i % 6))
                               : scored(i % 5 / 5.0, 1 + i % 3, i, 1000 - i % 10);
        task.row = i;
        task.pulled_at = 5000 - i;
        task.retries = i % 4;
        tasks.push_back(task);
    }
    Tally whole, even, odd;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        whole.add(tasks[i]);
        (i % 2 ? odd : even).add(tasks[i]);
    }
    odd.add(even);
    tests::check_same(odd.all(), whole.all());
    CHECK(odd.first == 4941);
    CHECK(odd.newest == 5000);
    CHECK_FALSE(Tally().first);
}

TEST_CASE("of rewards that were told at one moment the later task's counts") {
    Tally one, other;
    one.add(1, Reward{.at = 10, .task = 5, .value = 50});
    other.add(1, Reward{.at = 10, .task = 4, .value = 40});
    auto sum = one;
    sum.add(other);
    other.add(one);
    CHECK(sum.all().reward == 50);
    CHECK(other.all().reward == 50);
}

TEST_CASE("a day ends at midnight, before 1970 as well") {
    CHECK(day_of(0) == 0);
    CHECK(day_of(kDayLength - 1) == 0);
    CHECK(day_of(kDayLength) == 1);
    CHECK(day_of(-1) == -1);
    CHECK(day_of(-kDayLength) == -1);
    CHECK(day_of(-kDayLength - 1) == -2);
}

TEST_CASE("days have their dates") {
    CHECK(day_name(0) == "1970-01-01");
    CHECK(day_name(20'787) == "2026-11-30");
    CHECK(day_name(19'782) == "2024-02-29");
    CHECK(day_name(-1) == "1969-12-31");
}

#include "storage/report.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace storage;

namespace {

constexpr Milliseconds kDay = 86'400'000;
constexpr Milliseconds kFirstDay = 20'787 * kDay;  // 2026-11-30

// As an answer without effect is kept.
constexpr double kNotScored = std::numeric_limits<double>::quiet_NaN();

// A task as the test knows it, beside what the journal was told of it.
struct Truth {
    PulledTask task;
    std::vector<Attempt> attempts;
    Outcome outcome = Outcome::none;  // none: still in hand
    Milliseconds finished_at = 0;
    std::int64_t bytes = 0;
    bool sent = false;
    std::vector<Answer> answers;  // each to a submission of its own
    std::vector<double> round_trips;
};

class Fixture {
public:
    Fixture() : journal_(*database_, "0.1", "hash", 0) {}

    Database& database() { return *database_; }

    void record(const Truth& truth) {
        const auto row = journal_.pulled(truth.task)->row;
        for (const auto& attempt : truth.attempts) REQUIRE(journal_.attempted(row, attempt));
        if (truth.outcome == Outcome::none) return;
        Result result{.outcome = truth.outcome, .bytes = truth.bytes, .at = truth.finished_at};
        if (truth.bytes) result.asset = std::string(64, 'a');
        REQUIRE(journal_.finished(row, result));
        for (std::size_t i = 0; i < truth.answers.size(); ++i) {
            if (i > 0) REQUIRE(journal_.pulled(truth.task));  // without effect: handed out again
            const auto at = truth.answers[i].at;
            REQUIRE(journal_.submitting(row, at - Milliseconds(truth.round_trips[i])));
            REQUIRE(journal_.answered(row, truth.answers[i]));
        }
    }

private:
    tests::TemporaryFolder folder_;
    std::unique_ptr<Database> database_ = Database::open(folder_.path() / "miner.db").value();
    Journal journal_;
};

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}

    std::int64_t below(std::int64_t end) {
        return std::uniform_int_distribution<std::int64_t>(0, end - 1)(engine_);
    }
    bool one_in(int n) { return below(n) == 0; }
    double real(double end) { return std::uniform_real_distribution<double>(0, end)(engine_); }

private:
    std::mt19937_64 engine_;
};

Truth random_task(Random& random, int number) {
    Truth truth;
    truth.task = {.hotkey = random.one_in(3) ? "5OurSecond" : "5OurFirst",
                  .validator = "5Validator" + std::to_string(random.below(4)),
                  .task_id = "t" + std::to_string(number),
                  .kind = random.one_in(4) ? "text" : "image",
                  .prompt = "p",
                  // Few moments, so that many tasks share one.
                  .at = kFirstDay + random.below(40) * kDay / 10};
    if (random.one_in(20)) return truth;
    truth.finished_at = truth.task.at + random.below(90'000);
    if (random.one_in(10)) {
        truth.outcome = Outcome::skipped;
    } else {
        truth.outcome = Outcome(1 + random.below(4));
        if (random.one_in(15)) truth.outcome = Outcome::error;
        const bool at_once = truth.outcome == Outcome::passed;
        const int attempts = at_once ? 1 : int(1 + random.below(3));
        for (int i = 1; i <= attempts; ++i) {
            Attempt attempt{.number = i,
                            .outcome = at_once ? AttemptOutcome::chosen : AttemptOutcome::sparse};
            attempt.at = truth.task.at;
            if (truth.task.kind == "text")
                attempt.route = random.one_in(2) ? Route::prompt : Route::prompt_via_picture;
            attempt.times.prepare = random.real(50);
            attempt.times.encode = random.real(100);
            attempt.times.structure = random.real(900);
            attempt.times.occupancy = random.real(10);
            if (i == attempts) attempt.times.latent = random.real(2000);
            if (i == attempts) attempt.times.gaussians = random.real(80);
            if (i == attempts) attempt.times.compress = random.real(300);
            truth.attempts.push_back(attempt);
        }
    }
    const bool result = truth.outcome != Outcome::skipped && truth.outcome != Outcome::error &&
                        truth.outcome != Outcome::rejected;
    if (result) truth.bytes = 1 + random.below(5'000'000);
    const auto submissions = random.below(4);  // 0 to 2 answers: two of four have one
    for (int i = 0; i < (submissions + 1) / 2; ++i) {
        Answer answer;
        answer.feedback = !random.one_in(10);
        answer.validation_failed = random.one_in(10);
        answer.score = random.one_in(5) ? 0 : random.real(1);
        if (random.one_in(8)) answer.score = kNotScored;
        answer.reward = double(random.below(100'000));
        answer.at = truth.finished_at + random.below(100'000) * 10 + number % 10;
        truth.answers.push_back(answer);
        truth.round_trips.push_back(double(random.below(60'000)));
        truth.sent = true;
    }
    return truth;
}

// The same numbers by the plainest way there is.
Counts naive(const std::vector<Truth>& tasks) {
    Counts counts;
    std::vector<double> scores;
    std::map<std::pair<std::string, std::string>, std::pair<Milliseconds, double>> rewards;
    for (const auto& task : tasks) {
        if (task.outcome == Outcome::none) continue;
        const Answer* newest = nullptr;
        for (const auto& answer : task.answers)
            if (answer.feedback) newest = &answer;
        if (newest) {
            auto& reward = rewards[{task.task.hotkey, task.task.validator}];
            if (newest->at >= reward.first) reward = {newest->at, newest->reward};
        }
        if (task.outcome == Outcome::skipped) {
            ++counts.skipped;
            continue;
        }
        ++counts.generations;
        counts.passed_at_once += task.outcome == Outcome::passed;
        counts.retry_passed += task.outcome == Outcome::retry_passed;
        counts.retry_improved += task.outcome == Outcome::retry_improved;
        counts.rejected += task.outcome == Outcome::rejected;
        counts.errors += task.outcome == Outcome::error;
        counts.sparse_first +=
            !task.attempts.empty() && task.attempts[0].outcome == AttemptOutcome::sparse;
        counts.retries += std::int64_t(task.attempts.size()) - 1;
        if (!task.bytes) continue;
        counts.submissions += task.sent;
        bool feedback = false;
        const Answer* judgement = nullptr;
        for (const auto& answer : task.answers) {
            feedback = feedback || answer.feedback;
            if (answer.feedback && !answer.validation_failed && !std::isnan(answer.score))
                judgement = &answer;
        }
        if (!judgement) {
            counts.not_scored += feedback;
            continue;
        }
        scores.push_back(judgement->score);
        ++(judgement->score > 0 ? counts.accepted : counts.zero_scores);
        if (judgement->score > 0 && judgement->at > counts.last_accepted.value_or(0))
            counts.last_accepted = judgement->at;
    }
    std::sort(scores.begin(), scores.end());
    if (const auto n = scores.size()) {
        counts.mean_score = std::accumulate(scores.begin(), scores.end(), 0.0) / double(n);
        counts.median_score = (scores[(n - 1) / 2] + scores[n / 2]) / 2;
    }
    for (const auto& [who, reward] : rewards)
        counts.reward = counts.reward.value_or(0) + reward.second;
    return counts;
}

std::vector<double> naive_percentiles(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::vector<double> result;
    for (const int percent : {50, 90, 99}) {
        result.push_back(values[(values.size() * std::size_t(percent) + 99) / 100 - 1]);
    }
    return result;
}

void check_equal(const Counts& a, const Counts& b) {
    CHECK(a.generations == b.generations);
    CHECK(a.passed_at_once == b.passed_at_once);
    CHECK(a.sparse_first == b.sparse_first);
    CHECK(a.retries == b.retries);
    CHECK(a.retry_passed == b.retry_passed);
    CHECK(a.retry_improved == b.retry_improved);
    CHECK(a.rejected == b.rejected);
    CHECK(a.errors == b.errors);
    CHECK(a.skipped == b.skipped);
    CHECK(a.submissions == b.submissions);
    CHECK(a.accepted == b.accepted);
    CHECK(a.zero_scores == b.zero_scores);
    CHECK(a.not_scored == b.not_scored);
    REQUIRE(a.mean_score.has_value() == b.mean_score.has_value());
    if (a.mean_score) CHECK(*a.mean_score == Approx(*b.mean_score));
    CHECK(a.last_accepted == b.last_accepted);
    CHECK(a.median_score == b.median_score);
    CHECK(a.reward == b.reward);
}

template <class Key>
void check_groups(const std::vector<Group>& groups, const std::vector<Truth>& tasks, Key key) {
    std::map<std::string, std::vector<Truth>> expected;
    for (const auto& task : tasks) {
        if (task.outcome != Outcome::none) expected[key(task)].push_back(task);
    }
    CHECK(groups.size() == expected.size());
    for (const auto& group : groups) {
        INFO("group " << group.name);
        REQUIRE(expected.count(group.name) == 1);
        check_equal(group.counts, naive(expected[group.name]));
    }
}

void check_stages(const Statistics& statistics, const std::vector<Truth>& tasks) {
    std::map<std::string, std::vector<double>> values;
    const auto keep = [&](const char* stage, double value) {
        if (value >= 0) values[stage].push_back(value);
    };
    for (const auto& task : tasks) {
        if (task.outcome == Outcome::none) continue;
        for (const auto& attempt : task.attempts) {
            keep("prepare", attempt.times.prepare);
            keep("encode", attempt.times.encode);
            keep("structure", attempt.times.structure);
            keep("occupancy", attempt.times.occupancy);
            keep("latent", attempt.times.latent);
            keep("gaussians", attempt.times.gaussians);
            keep("compress", attempt.times.compress);
        }
        if (task.outcome != Outcome::skipped) {
            keep("total", double(task.finished_at - task.task.at));
        }
        for (const double round_trip : task.round_trips) keep("submit", round_trip);
    }
    CHECK(statistics.stages.size() == values.size());
    for (const auto& stage : statistics.stages) {
        INFO("stage " << stage.stage);
        REQUIRE(values.count(stage.stage) == 1);
        const auto expected = naive_percentiles(values[stage.stage]);
        CHECK(stage.count == std::int64_t(values[stage.stage].size()));
        CHECK(stage.p50 == expected[0]);
        CHECK(stage.p90 == expected[1]);
        CHECK(stage.p99 == expected[2]);
    }
}

std::string day(const Truth& task) {
    // 2026-11-30, then December.
    const auto number = (task.task.at - kFirstDay) / kDay;
    return number == 0 ? "2026-11-30" : "2026-12-0" + std::to_string(number);
}

void check_all(const Statistics& statistics, const std::vector<Truth>& tasks) {
    check_equal(statistics.all, naive(tasks));
    check_groups(statistics.by_validator, tasks, [](const Truth& t) { return t.task.validator; });
    check_groups(statistics.by_hotkey, tasks, [](const Truth& t) { return t.task.hotkey; });
    std::vector<Group> pairs;
    for (const auto& pair : statistics.by_pair)
        pairs.push_back({pair.validator + " " + pair.hotkey, pair.counts});
    check_groups(pairs, tasks,
                 [](const Truth& t) { return t.task.validator + " " + t.task.hotkey; });
    check_groups(statistics.by_kind, tasks, [](const Truth& t) { return t.task.kind; });
    check_groups(statistics.by_day, tasks, day);
    auto tried = tasks;
    std::erase_if(tried, [](const Truth& t) { return t.attempts.empty(); });
    check_groups(statistics.by_route, tried,
                 [](const Truth& t) { return std::string(name(t.attempts.back().route)); });
    check_stages(statistics, tasks);
}

std::vector<Truth> filtered(const std::vector<Truth>& tasks, const Span& span) {
    std::vector<Truth> result;
    for (const auto& task : tasks) {
        if (span.since && task.task.at < *span.since) continue;
        if (span.until && task.task.at >= *span.until) continue;
        const auto& ours = span.hotkeys;
        if (!ours.empty() && std::count(ours.begin(), ours.end(), task.task.hotkey) == 0) continue;
        result.push_back(task);
    }
    // In the order of pulls; of those at one moment, in the order they were recorded.
    std::stable_sort(result.begin(), result.end(),
                     [](const Truth& a, const Truth& b) { return a.task.at < b.task.at; });
    const auto last = span.last.value_or(span.since || span.until ? 0 : 100);
    std::int64_t generations = 0;
    for (std::size_t i = result.size(); last > 0 && i-- > 0;) {
        generations += result[i].outcome != Outcome::none && result[i].outcome != Outcome::skipped;
        if (generations == last) {
            result.erase(result.begin(), result.begin() + std::ptrdiff_t(i));
            break;
        }
    }
    return result;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "an empty database has statistics of nothing") {
    const auto empty = statistics(database(), {});
    REQUIRE(empty);
    check_equal(empty->all, {});
    CHECK(empty->by_validator.empty());
    CHECK(empty->by_kind.empty());
    CHECK(empty->by_day.empty());
    CHECK(empty->by_route.empty());
    CHECK(empty->stages.empty());
    CHECK_FALSE(empty->first);
}

TEST_CASE_METHOD(Fixture, "statistics equal what is counted by hand over random tasks") {
    database().handle().exec("PRAGMA synchronous = OFF");
    Random random(7);
    std::vector<Truth> tasks;
    for (int i = 0; i < 600; ++i) {
        tasks.push_back(random_task(random, i));
        record(tasks.back());
    }
    const Milliseconds middle = kFirstDay + 2 * kDay, late = kFirstDay + 3 * kDay + kDay / 10;
    const std::vector<Span> spans{
        {.last = 0},
        {},
        {.last = 1},
        {.last = 37},
        {.last = 100'000},
        {.since = middle},
        {.until = middle},
        {.since = middle, .until = late},
        {.last = 20, .since = middle, .until = late},
        {.last = 0, .hotkeys = {"5OurSecond"}},
        {.hotkeys = {"5OurFirst"}},
        {.last = 10, .until = late, .hotkeys = {"5OurSecond"}},
        {.since = late, .until = middle},
        {.last = 0, .hotkeys = {"5Nobody"}},
        {.last = 0, .hotkeys = {"5OurFirst", "5Nobody"}},
        {.last = 50, .hotkeys = {"5OurFirst", "5OurSecond"}},
        {.last = 0, .hotkeys = {"5Our", "First"}},
    };
    for (std::size_t i = 0; i < spans.size(); ++i) {
        INFO("span " << i);
        const auto got = statistics(database(), spans[i]);
        REQUIRE(got);
        check_all(*got, filtered(tasks, spans[i]));
    }
}

TEST_CASE_METHOD(Fixture, "the first and the newest pull are told") {
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

TEST_CASE_METHOD(Fixture, "a judgement stands when a later submission has no effect") {
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

TEST_CASE_METHOD(Fixture, "the empty result is not scored, whatever the validator says of it") {
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

TEST_CASE_METHOD(Fixture, "validators stand in the order of their generations") {
    Random random(8);
    for (int i = 0; i < 40; ++i) record(random_task(random, i));
    const auto all = statistics(database(), {});
    REQUIRE(all->by_validator.size() > 2);
    CHECK(std::is_sorted(all->by_validator.begin(), all->by_validator.end(),
                         [](const Group& a, const Group& b) {
                             return a.counts.generations > b.counts.generations;
                         }));
}

TEST_CASE_METHOD(Fixture, "a generation that was cut off and made again counts once") {
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

TEST_CASE_METHOD(Fixture, "a damaged or foreign table is a failure, not a count of zero") {
    database().handle().exec("DROP TABLE feedback");
    Truth truth;
    truth.task = {"5Our", "5Their", "t", "image", "p", 1000};
    truth.outcome = Outcome::rejected;
    record(truth);
    const auto got = statistics(database(), {});
    REQUIRE_FALSE(got);
    CHECK(got.error().code == Errc::corrupt);
}

// Statistics of SQL against the same numbers, counted over the tasks in memory.
#include "storage/report.hpp"

#include "storage/day_tallies.hpp"
#include "tests/storage/recorded_tasks.hpp"
#include "tests/storage/same_statistics.hpp"
#include "tests/support/catch.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

using namespace storage;
using tests::kDay;
using tests::kFirstDay;
using tests::RecordedTasks;
using tests::Truth;

namespace {

// The same numbers by the plainest way there is.
Counts naive(const std::vector<Truth>& tasks) {
    Counts counts;
    std::vector<double> scores;
    double sum = 0;
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
        counts.withheld += task.withheld > 0;
        counts.errors += task.outcome == Outcome::error;
        counts.sparse_first +=
            !task.attempts.empty() && task.attempts[0].outcome == AttemptOutcome::sparse;
        const auto candidates = std::count_if(task.attempts.begin(), task.attempts.end(),
                                              [](const Attempt& one) { return one.candidate; });
        counts.candidates += candidates;
        counts.retries += std::int64_t(task.attempts.size()) - 1 - candidates;
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
        sum += judgement->score;
        scores.push_back(std::round(judgement->score * 1e4) / 1e4);
        ++(judgement->score > 0 ? counts.accepted : counts.zero_scores);
        if (judgement->score > 0 && judgement->at > counts.last_accepted.value_or(0))
            counts.last_accepted = judgement->at;
    }
    std::sort(scores.begin(), scores.end());
    if (const auto n = scores.size()) {
        counts.mean_score = sum / double(n);
        counts.median_score = (scores[(n - 1) / 2] + scores[n / 2]) / 2;
    }
    for (const auto& [who, reward] : rewards)
        counts.reward = counts.reward.value_or(0) + reward.second;
    return counts;
}

// To three digits.
std::vector<double> naive_percentiles(std::vector<double> values) {
    for (auto& value : values) {
        if (value == 0) continue;
        const double unit = std::pow(10.0, std::floor(std::log10(value)) - 2);
        value = std::round(value / unit) * unit;
    }
    std::sort(values.begin(), values.end());
    std::vector<double> result;
    for (const int percent : {50, 90, 99}) {
        result.push_back(values[(values.size() * std::size_t(percent) + 99) / 100 - 1]);
    }
    return result;
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
        tests::check_same(group.counts, naive(expected[group.name]));
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
            if (attempt.predicted) keep("score", attempt.predicted->milliseconds);
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
        CHECK(stage.p50 == Approx(expected[0]).epsilon(1e-12));
        CHECK(stage.p90 == Approx(expected[1]).epsilon(1e-12));
        CHECK(stage.p99 == Approx(expected[2]).epsilon(1e-12));
    }
}

std::string day(const Truth& task) {
    // 2026-11-30, then December.
    const auto number = (task.task.at - kFirstDay) / kDay;
    return number == 0 ? "2026-11-30" : "2026-12-0" + std::to_string(number);
}

void check_all(const Statistics& statistics, const std::vector<Truth>& tasks) {
    tests::check_same(statistics.all, naive(tasks));
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

TEST_CASE_METHOD(RecordedTasks, "an empty database has statistics of nothing") {
    const auto empty = statistics(database(), {});
    REQUIRE(empty);
    tests::check_same(empty->all, {});
    CHECK(empty->by_validator.empty());
    CHECK(empty->by_kind.empty());
    CHECK(empty->by_day.empty());
    CHECK(empty->by_route.empty());
    CHECK(empty->stages.empty());
    CHECK_FALSE(empty->first);
}

TEST_CASE_METHOD(RecordedTasks, "statistics equal what is counted by hand over random tasks") {
    database().handle().exec("PRAGMA synchronous = OFF");
    tests::Random random(7);
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
    const auto check = [&] {
        for (std::size_t i = 0; i < spans.size(); ++i) {
            INFO("span " << i);
            const auto got = statistics(database(), spans[i]);
            REQUIRE(got);
            check_all(*got, filtered(tasks, spans[i]));
        }
    };
    const auto kept = [&] {
        return database().handle().execAndGet("SELECT count(*) FROM day_tallies").getInt();
    };
    check();
    // The same from what is kept of whole days, and from that and what came later.
    keep_days(database().handle(), kFirstDay + 100 * kDay);
    CHECK(kept() == 4);
    check();
    for (int i = 600; i < 640; ++i) {
        tasks.push_back(random_task(random, i));
        tasks.back().task.at = kFirstDay + random.below(10) * kDay / 10;  // of the first day
        for (auto& attempt : tasks.back().attempts) attempt.at = tasks.back().task.at;
        tasks.back().finished_at = tasks.back().task.at + random.below(90'000);
        record(tasks.back());
    }
    CHECK(kept() == 3);
    check();
    keep_days(database().handle(), kFirstDay + 100 * kDay);
    CHECK(kept() == 4);
    check();
}

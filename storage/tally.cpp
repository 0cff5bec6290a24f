#include "storage/tally.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace storage {
namespace {

// What is added up; the rest of Counts is told from the scores and rewards.
constexpr std::array kSums{&Counts::generations,    &Counts::passed_at_once, &Counts::sparse_first,
                           &Counts::retries,        &Counts::candidates,     &Counts::retry_passed,
                           &Counts::retry_improved, &Counts::rejected,       &Counts::withheld,
                           &Counts::errors,         &Counts::skipped,        &Counts::submissions,
                           &Counts::accepted,       &Counts::zero_scores,    &Counts::not_scored};

void keep_least(std::optional<Milliseconds>& known, std::optional<Milliseconds> other) {
    if (other && (!known || *other < *known)) known = other;
}

void keep_most(std::optional<Milliseconds>& known, std::optional<Milliseconds> other) {
    if (other && (!known || *other > *known)) known = other;
}

void add_outcome(Counts& counts, const Decided& task) {
    switch (task.outcome) {
        case Outcome::passed:
            ++counts.passed_at_once;
            break;
        case Outcome::retry_passed:
            ++counts.retry_passed;
            break;
        case Outcome::retry_improved:
            ++counts.retry_improved;
            break;
        case Outcome::rejected:
            ++counts.rejected;
            counts.withheld += task.withheld;
            break;
        case Outcome::error:
            ++counts.errors;
            break;
        case Outcome::none:
        case Outcome::skipped:
            break;
    }
}

}  // namespace

void Tally::add(const Decided& task) {
    keep_least(first, task.pulled_at);
    keep_most(newest, task.pulled_at);
    if (task.rewarded) add(task.validator, Reward{task.rewarded_at, task.row, task.reward});
    if (task.outcome == Outcome::skipped) {
        ++counts.skipped;
        return;
    }
    ++counts.generations;
    counts.sparse_first += task.sparse_first;
    counts.retries += task.retries;
    counts.candidates += task.candidates;
    add_outcome(counts, task);
    counts.submissions += task.submitted;
    if (!task.feedback) return;
    if (!task.scored) {
        ++counts.not_scored;
        return;
    }
    score_sum += task.score;
    scores.add(bucket_of_score(task.score));
    ++(task.score > 0 ? counts.accepted : counts.zero_scores);
    if (task.score > 0) keep_most(counts.last_accepted, task.scored_at);
}

void Tally::add(const Tally& other) {
    for (const auto sum : kSums) counts.*sum += other.counts.*sum;
    keep_most(counts.last_accepted, other.counts.last_accepted);
    score_sum += other.score_sum;
    scores.add(other.scores);
    for (const auto& [validator, reward] : other.rewards) add(validator, reward);
    keep_least(first, other.first);
    keep_most(newest, other.newest);
}

void Tally::add(std::int64_t validator, const Reward& reward) {
    const auto [known, is_first] = rewards.try_emplace(validator, reward);
    if (!is_first && reward.is_newer_than(known->second)) known->second = reward;
}

Counts Tally::all() const {
    Counts all = counts;
    if (const auto count = scores.count()) {
        all.mean_score = score_sum / double(count);
        all.median_score =
            (score_of_bucket(scores.at((count - 1) / 2)) + score_of_bucket(scores.at(count / 2))) /
            2;
    }
    for (const auto& [validator, reward] : rewards)
        all.reward = all.reward.value_or(0) + reward.value;
    return all;
}

Percentiles percentiles(std::string stage, const Distribution& times) {
    return {.stage = std::move(stage),
            .count = times.count(),
            .p50 = time_of_bucket(times.percentile(0.50)),
            .p90 = time_of_bucket(times.percentile(0.90)),
            .p99 = time_of_bucket(times.percentile(0.99)),
            .total = times.sum(time_of_bucket)};
}

std::string day_name(std::int64_t days_since_1970) {
    const std::time_t seconds = days_since_1970 * 86'400;
    std::tm day{};
    char text[32];
    if (!gmtime_r(&seconds, &day) || !std::strftime(text, sizeof text, "%Y-%m-%d", &day)) {
        return "?";
    }
    return text;
}

std::int64_t day_of(Milliseconds at) { return at / kDayLength - (at % kDayLength < 0); }

}  // namespace storage

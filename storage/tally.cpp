#include "storage/tally.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <utility>

namespace storage {

void Tally::add(const Decided& task) {
    add_reward(task);
    if (task.outcome == Outcome::skipped) {
        ++counts_.skipped;
        return;
    }
    ++counts_.generations;
    counts_.sparse_first += task.sparse_first;
    counts_.retries += task.retries;
    counts_.candidates += task.candidates;
    switch (task.outcome) {
        case Outcome::passed:
            ++counts_.passed_at_once;
            break;
        case Outcome::retry_passed:
            ++counts_.retry_passed;
            break;
        case Outcome::retry_improved:
            ++counts_.retry_improved;
            break;
        case Outcome::rejected:
            ++counts_.rejected;
            counts_.withheld += task.withheld;
            break;
        case Outcome::error:
            ++counts_.errors;
            break;
        case Outcome::none:
        case Outcome::skipped:
            break;
    }
    counts_.submissions += task.submitted;
    if (task.feedback) add_feedback(task);
}

void Tally::add_feedback(const Decided& task) {
    if (!task.scored) {
        ++counts_.not_scored;
        return;
    }
    scores_.push_back(task.score);
    ++(task.score > 0 ? counts_.accepted : counts_.zero_scores);
    if (task.score > 0) {
        counts_.last_accepted =
            std::max(counts_.last_accepted.value_or(task.scored_at), task.scored_at);
    }
}

void Tally::add_reward(const Decided& task) {
    if (!task.rewarded) return;
    const auto [reward, first] = rewards_.try_emplace(task.validator);
    if (first || task.rewarded_at >= reward->second.at) {
        reward->second = {task.rewarded_at, task.reward};
    }
}

Counts Tally::counts() {
    Counts counts = counts_;
    if (!scores_.empty()) {
        const std::size_t count = scores_.size(), half = count / 2;
        counts.mean_score = std::accumulate(scores_.begin(), scores_.end(), 0.0) / double(count);
        const auto middle = scores_.begin() + std::ptrdiff_t(half);
        std::nth_element(scores_.begin(), middle, scores_.end());
        counts.median_score = *middle;
        if (count % 2 == 0) {
            counts.median_score = (*middle + *std::max_element(scores_.begin(), middle)) / 2;
        }
    }
    for (const auto& [validator, reward] : rewards_) {
        counts.reward = counts.reward.value_or(0) + reward.value;
    }
    return counts;
}

double percentile(std::vector<double>& values, double share) {
    if (values.empty()) return 0;
    const auto rank = std::size_t(std::ceil(share * double(values.size())));
    const auto at =
        values.begin() + std::ptrdiff_t(std::clamp<std::size_t>(rank, 1, values.size()) - 1);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

Percentiles percentiles(std::string stage, std::vector<double> values) {
    return {.stage = std::move(stage),
            .count = std::int64_t(values.size()),
            .p50 = percentile(values, 0.50),
            .p90 = percentile(values, 0.90),
            .p99 = percentile(values, 0.99)};
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

}  // namespace storage

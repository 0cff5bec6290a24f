// Tasks as `miner tune` reads them, made by hand.
#pragma once

#include "miner/report/tuning_rules.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace tests {

using miner::Advice;
using Tasks = std::vector<storage::TuningRow>;

inline storage::Attempt tried(
    int number, std::int64_t gaussians, std::optional<double> predicted = {},
    storage::EnhancementChain chain = storage::EnhancementChain::standard) {
    storage::Attempt attempt{.number = number, .chain = chain, .gaussians = gaussians};
    attempt.outcome = storage::AttemptOutcome::passed;
    if (predicted)
        attempt.predicted =
            storage::Prediction{.total = *predicted, .left_out = {}, .scorer = "toy"};
    return attempt;
}

// One whose only attempt was sent, and judged unless `score` is empty.
inline storage::TuningRow sent(std::int64_t gaussians, std::optional<double> score,
                               std::optional<double> predicted = {}) {
    storage::TuningRow task{.kind = "image", .outcome = storage::Outcome::passed};
    task.attempts = {tried(1, gaussians, predicted)};
    task.chosen = 1;
    task.score = score;
    return task;
}

// Sparse twice, and the empty result: the first attempt was the best.
inline storage::TuningRow rejected(std::int64_t gaussians) {
    storage::TuningRow task{.kind = "image", .outcome = storage::Outcome::rejected};
    task.attempts = {tried(1, gaussians),
                     tried(2, gaussians / 2, {}, storage::EnhancementChain::extreme)};
    for (auto& attempt : task.attempts) attempt.outcome = storage::AttemptOutcome::sparse;
    return task;
}

// So many of a density, of which so many were accepted.
inline void add(Tasks& tasks, std::int64_t gaussians, int accepted, int judged) {
    for (int i = 0; i < judged; ++i) tasks.push_back(sent(gaussians, i < accepted ? 0.8 : 0.0));
}

// One advice of a tuning by its setting; null when there is none.
inline const Advice* find(const miner::Tuning& tuning, const std::string& setting) {
    for (const auto& advice : tuning.advice)
        if (advice.setting == setting) return &advice;
    return nullptr;
}

inline miner::TuningSettings usual() {
    return {.standard = {"sharpness:3.5", "contrast:1.8"},
            .extreme = {"sharpness:5.0"},
            .most = 6,
            .withhold = "auto"};
}

// Sparse ones from 100,000 on are accepted as often as dense ones; below 60,000 nothing is.
inline Tasks gate_too_high() {
    Tasks tasks;
    add(tasks, 300'000, 186, 200);
    add(tasks, 130'000, 28, 30);
    add(tasks, 110'000, 28, 30);
    add(tasks, 70'000, 12, 15);
    add(tasks, 90'000, 12, 15);
    for (int i = 0; i < 50; ++i) add(tasks, 10'000 + i * 1'000, 0, 1);
    for (int i = 0; i < 20; ++i) tasks.push_back(rejected(120'000));
    return tasks;
}

}  // namespace tests

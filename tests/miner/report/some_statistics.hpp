// Statistics with something in every field that people read, for tests of what shows them.
#pragma once

#include "miner/report/stats.hpp"

namespace tests {

inline constexpr storage::Milliseconds kMonday = 1'796'000'000'000;  // 2026-11-30 00:53 UTC

inline storage::Counts some_counts() {
    storage::Counts counts;
    counts.generations = 1234;
    counts.passed_at_once = 980;
    counts.sparse_first = 254;
    counts.retries = 260;
    counts.retry_passed = 120;
    counts.retry_improved = 60;
    counts.rejected = 66;
    counts.errors = 8;
    counts.submissions = 1160;
    counts.accepted = 1100;
    counts.zero_scores = 50;
    counts.mean_score = 0.71234;
    counts.median_score = 0.75;
    counts.last_accepted = kMonday + 60'000;
    counts.reward = 75'612.5;
    return counts;
}

inline storage::Statistics some_statistics(const storage::Counts& counts = some_counts()) {
    storage::Statistics statistics;
    statistics.all = counts;
    statistics.by_validator = {{"5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh", counts},
                               {"5Short", {}}};
    statistics.by_hotkey = {{"5OurFirst", counts}, {"5OurSecond", counts}};
    statistics.by_kind = {{"image", counts}};
    statistics.by_route = {{"picture", counts}, {"prompt", {}}};
    statistics.by_day = {{"2026-11-29", counts}, {"2026-11-30", counts}};
    statistics.stages = {{"prepare", 1494, 41.25, 55, 90, 62'000.5},
                         {"latent", 1160, 1250, 1800.4, 61'000, 1'500'000},
                         {"total", 1234, 125'000, 4'000'000, 9'000'000}};
    statistics.first = kMonday - 86'400'000;
    statistics.newest = kMonday;
    return statistics;
}

// The same where predictions were made: of pictures calibrated, of prompts two other states.
inline storage::Statistics predicted_statistics() {
    using storage::Calibration;
    auto statistics = some_statistics();
    statistics.all.candidates = 3210;
    statistics.all.withheld = 21;
    const auto made = [](const char* kind, const char* validator, Calibration::State state) {
        storage::PredictionGroup group{.kind = kind, .validator = validator};
        group.predicted = 1000;
        group.withheld = 12;
        group.sides = {950, 980};
        group.calibration.state = state;
        group.calibration.pairs = 900;
        group.calibration.offset = -0.0123;
        group.calibration.error = 0.0312;
        group.calibration.since = kMonday - 7000;
        group.calibration.scorer = "published";
        return group;
    };
    auto gathering = made("text", "", Calibration::State::gathering);
    gathering.calibration.pairs = 7;
    gathering.calibration.offset = 0;
    gathering.calibration.error = 0.05;
    gathering.calibration.left_out = "alignment";
    auto broken = made("text", "5Short", Calibration::State::broken);
    broken.calibration.why = Calibration::Break::refusals;
    broken.calibration.pairs = 0;
    broken.calibration.since = 0;
    broken.calibration.broken_at = kMonday;
    statistics.predictions = {made("image", "", Calibration::State::calibrated), gathering,
                              made("image", "5CFPcUJgYgWryPaV1aYjSbTpbTLu42V32Ytw1L9rfoMAsfGh",
                                   Calibration::State::calibrated),
                              broken};
    return statistics;
}

}  // namespace tests

// Predicted scores as tests make them up.
#pragma once

#include "storage/predictions.hpp"

#include <algorithm>
#include <vector>

namespace tests {

// Predicted `predicted`, and received `received`: above zero accepted, zero refused.
inline storage::PredictedScore judged(double predicted, double received,
                                      storage::Milliseconds at = 0) {
    using End = storage::PredictedScore::End;
    storage::PredictedScore score;
    score.kind = "image";
    score.validator = "5Their";
    score.predicted.total = predicted;
    score.predicted.scorer = "published";
    score.end = received > 0 ? End::accepted : End::refused;
    score.received = received;
    score.at = at;
    return score;
}

// As they are asked for: newest first, a second apart.
inline std::vector<storage::PredictedScore> newest_first(
    std::vector<storage::PredictedScore> oldest_first) {
    storage::Milliseconds at = 0;
    for (auto& score : oldest_first) score.at = at += 1000;
    std::reverse(oldest_first.begin(), oldest_first.end());
    return oldest_first;
}

}  // namespace tests

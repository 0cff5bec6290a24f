// What was predicted of results beside what validators gave, kept up to date while mining, and what
// follows from it: whether a result is worth sending. Lives on io.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "storage/calibration.hpp"
#include "storage/predictions.hpp"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace miner {

class Calibrator {
public:
    // known: of earlier runs, newest first. The logger outlives it.
    Calibrator(config::Candidates settings, config::Logger& log,
               const std::vector<storage::PredictedScore>& known);

    // Of the newest scorer's predictions for this kind of task, "image" or "text".
    storage::Calibration of(const std::string& kind) const;

    // A validator judged, or a result was withheld. Says once when predictions fit no longer.
    void add(storage::PredictedScore score);

    // Whether the empty result is better than this one. Never while predictions do not fit, nor
    // before any was compared where a part of the score is left out. Of those that it would
    // withhold every tenth goes out all the same: otherwise a wrong calibration would never learn
    // that it is.
    bool withholds(const std::string& kind, const storage::Prediction& predicted, double threshold);

private:
    using Scores = std::deque<storage::PredictedScore>;  // newest first

    // Those that were predicted as `like` was.
    std::vector<storage::PredictedScore> comparable(const std::string& kind,
                                                    const storage::Prediction& like) const;
    void tell(const std::string& kind, const storage::Calibration& now);

    config::Candidates settings_;
    config::Logger& log_;
    std::map<std::string, Scores> scores_;                     // by kind
    std::map<std::string, storage::Calibration::State> told_;  // likewise
    std::map<std::string, int> withheld_in_a_row_;             // likewise
};

}  // namespace miner

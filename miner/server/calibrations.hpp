// Predicted scores beside received ones, by kind of task, as JSON and as numbers. Pure; whoever
// serializes it makes peers' words safe (config/escape.hpp).
#pragma once

#include "storage/calibration.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

// What is known of the predictions for one kind of task, at all validators together.
struct KindPredictions {
    std::string kind;
    storage::Calibration calibration;
    storage::Sides sides;
    std::vector<storage::PredictedScore> scores;  // newest first
};

// By name of the kind. scores: newest first.
std::vector<KindPredictions> by_kind(const std::vector<storage::PredictedScore>& scores);

// As it stands in JSON: "accepted".
std::string_view name(storage::PredictedScore::End end);

// "total", "parts", "left_out", "scorer", "ms"; null for what is no number.
boost::json::object to_json(const storage::Prediction& predicted);
// {"kinds": [...]}, of each kind the newest `last` scores; calibration and sides are over all.
boost::json::object to_json(const std::vector<KindPredictions>& kinds, std::size_t last);

}  // namespace miner

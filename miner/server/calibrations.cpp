#include "miner/server/calibrations.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace miner {
namespace {

namespace json = boost::json;
using End = storage::PredictedScore::End;
using Break = storage::Calibration::Break;

json::value finite(double value) {
    return std::isfinite(value) ? json::value(value) : json::value(nullptr);
}

json::object parts_of(const storage::Prediction& predicted) {
    return {{"iqa", finite(predicted.iqa)},
            {"alignment", finite(predicted.alignment)},
            {"ssim", finite(predicted.ssim)},
            {"lpips", finite(predicted.lpips)}};
}

// "alignment,lpips" as an array.
json::array left_out_of(const storage::Prediction& predicted) {
    json::array names;
    const std::string& text = predicted.left_out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        names.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return names;
}

json::object score_json(const storage::PredictedScore& score) {
    const bool accepted = score.end == End::accepted;
    return {{"task", score.row},
            {"task_id", score.task_id},
            {"hotkey", score.hotkey},
            {"validator", score.validator},
            {"at", score.at},
            {"predicted", finite(score.predicted.total)},
            {"parts", parts_of(score.predicted)},
            {"left_out", left_out_of(score.predicted)},
            {"scorer", score.predicted.scorer},
            {"threshold", finite(score.threshold)},
            {"end", miner::name(score.end)},
            {"received", accepted ? finite(score.received) : json::value(nullptr)}};
}

json::object kind_json(const KindPredictions& kind, std::size_t last) {
    json::array scores;
    for (const auto& score : kind.scores) {
        if (scores.size() == last) break;
        scores.push_back(score_json(score));
    }
    const auto& c = kind.calibration;
    return {
        {"kind", kind.kind},
        {"calibration",
         {{"state", storage::name(c.state)},
          {"why", c.why == Break::none ? json::value(nullptr) : json::value(storage::name(c.why))},
          {"pairs", c.pairs},
          {"least_pairs", storage::kLeastPairs},
          {"offset", c.pairs < storage::kLeastPairs ? json::value(nullptr) : finite(c.offset)},
          {"error", finite(c.error)},
          {"since", c.since > 0 ? json::value(c.since) : json::value(nullptr)}}},
        {"sides", {{"right", kind.sides.right}, {"judged", kind.sides.judged}}},
        {"scores", std::move(scores)}};
}

}  // namespace

std::vector<KindPredictions> by_kind(const std::vector<storage::PredictedScore>& scores) {
    std::map<std::string, std::vector<storage::PredictedScore>> groups;
    for (const auto& score : scores) groups[score.kind].push_back(score);
    std::vector<KindPredictions> kinds;
    for (auto& [kind, group] : groups) {
        const auto calibration = storage::calibrate(group);
        const auto sides = storage::sides(group, calibration);
        kinds.push_back({kind, calibration, sides, std::move(group)});
    }
    return kinds;
}

std::string_view name(End end) {
    switch (end) {
        case End::withheld:
            return "withheld";
        case End::waiting:
            return "waiting";
        case End::accepted:
            return "accepted";
        case End::refused:
            return "refused";
    }
    return "waiting";
}

json::object to_json(const storage::Prediction& predicted) {
    return {
        {"total", finite(predicted.total)},
        {"parts", parts_of(predicted)},
        {"left_out", left_out_of(predicted)},
        {"scorer", predicted.scorer},
        {"ms", predicted.milliseconds < 0 ? json::value(nullptr) : finite(predicted.milliseconds)}};
}

json::object to_json(const std::vector<KindPredictions>& kinds, std::size_t last) {
    json::array array;
    for (const auto& kind : kinds) array.push_back(kind_json(kind, last));
    return {{"kinds", std::move(array)}};
}

}  // namespace miner

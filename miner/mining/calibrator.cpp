#include "miner/mining/calibrator.hpp"

#include <algorithm>
#include <utility>

namespace miner {
namespace {

using storage::Calibration;
using storage::PredictedScore;

constexpr std::size_t kRemembered = 500;  // of a kind
constexpr int kOneOf = 10;
// Of this miner's results, where too few were judged yet to tell (scoring.md: 0.8 to 1).
constexpr double kUsualAcceptance = 0.8;
constexpr int kLeastJudged = 10;

double acceptance(const std::vector<PredictedScore>& scores) {
    const auto count = [&](PredictedScore::End end) {
        return std::count_if(scores.begin(), scores.end(),
                             [&](const auto& each) { return each.end == end; });
    };
    const auto accepted = count(PredictedScore::End::accepted);
    const auto judged = accepted + count(PredictedScore::End::refused);
    return judged < kLeastJudged ? kUsualAcceptance : double(accepted) / double(judged);
}

}  // namespace

Calibrator::Calibrator(config::Candidates settings, config::Logger& log,
                       const std::vector<PredictedScore>& known)
    : settings_(std::move(settings)), log_(log) {
    for (const auto& each : known) {
        auto& scores = scores_[each.kind];
        if (scores.size() < kRemembered) scores.push_back(each);
    }
    for (const auto& [kind, scores] : scores_) told_[kind] = of(kind).state;
}

Calibration Calibrator::of(const std::string& kind) const {
    const auto known = scores_.find(kind);
    if (known == scores_.end()) return {};
    const std::vector<PredictedScore> scores(known->second.begin(), known->second.end());
    return storage::calibrate(scores);
}

void Calibrator::add(PredictedScore score) {
    const auto kind = score.kind;
    auto& scores = scores_[kind];
    scores.push_front(std::move(score));
    if (scores.size() > kRemembered) scores.pop_back();
    tell(kind, of(kind));
}

void Calibrator::tell(const std::string& kind, const Calibration& now) {
    const auto before = std::exchange(told_[kind], now.state);
    if (before == now.state) return;
    if (now.state == Calibration::State::broken)
        log_.warn("predictions do not fit",
                  {{"kind", kind},
                   {"offset", now.offset},
                   {"hint",
                    "the validators may have changed their scoring; results are still compared "
                    "with one another, but none is withheld until predictions fit again"},
                   {"remedy", "see `miner stats`, and whether score.model is up to date"}});
    else if (now.state == Calibration::State::calibrated)
        log_.info(
            "predictions calibrated",
            {{"kind", kind}, {"pairs", now.pairs}, {"offset", now.offset}, {"error", now.error}});
}

std::vector<PredictedScore> Calibrator::comparable(const std::string& kind,
                                                   const storage::Prediction& like) const {
    std::vector<PredictedScore> scores;
    const auto known = scores_.find(kind);
    if (known == scores_.end()) return scores;
    for (const auto& each : known->second)
        if (each.predicted.scorer == like.scorer && each.predicted.left_out == like.left_out)
            scores.push_back(each);
    return scores;
}

bool Calibrator::withholds(const std::string& kind, const storage::Prediction& predicted,
                           double threshold) {
    if (settings_.withhold == "never") return false;
    const auto scores = comparable(kind, predicted);
    const auto calibration = storage::calibrate(scores);
    auto& in_a_row = withheld_in_a_row_[kind];
    if (storage::pays(predicted, calibration, threshold, acceptance(scores))) {
        in_a_row = 0;
        return false;
    }
    in_a_row = (in_a_row + 1) % kOneOf;
    return in_a_row != 0;
}

}  // namespace miner

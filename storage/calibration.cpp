#include "storage/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <iterator>
#include <map>
#include <numbers>
#include <utility>

namespace storage {
namespace {

using End = PredictedScore::End;
using State = Calibration::State;
using Break = Calibration::Break;

constexpr double kClear = 0.05;        // above the threshold, from where the accepted are unbiased
constexpr double kLeastError = 0.005;  // of a float32 scorer against the validator's own
constexpr double kDeviation = 1.48;    // of a normal distribution, in median absolute deviations

constexpr std::array<std::size_t, 2> kNewest{10, 15};  // pairs, beside those before them
constexpr std::size_t kLeastBefore = 20, kMostBefore = 100;
constexpr double kLeastShift = 0.05;
constexpr double kStandardErrors = 4;
constexpr double kMedianError = 1.2533;  // of a median, in standard errors of a mean: sqrt(pi / 2)

constexpr std::size_t kJudgements = 20;  // of results that seemed safe
constexpr std::ptrdiff_t kRefusals = 10;
constexpr double kSafe = 2;  // errors over the threshold

struct Pair {
    double off = 0;  // received - predicted
    Milliseconds at = 0;
};

struct Measure {
    double offset = Calibration().offset, error = Calibration().error;
};

double median(std::vector<double>& values) {
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    if (values.size() % 2 == 1) return *middle;
    return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

Measure measure(std::span<const Pair> pairs) {
    std::vector<double> values;
    for (const auto& pair : pairs) values.push_back(pair.off);
    const double offset = median(values);
    for (double& value : values) value = std::abs(value - offset);
    return {offset, std::max(kDeviation * median(values), kLeastError)};
}

bool judged(const PredictedScore& score) {
    return (score.end == End::accepted || score.end == End::refused) &&
           std::isfinite(score.predicted.total) && std::isfinite(score.received);
}

// A validator caps what it tells at 1, so what is predicted beyond is none of its error.
double capped(const PredictedScore& score) { return std::min(score.predicted.total, 1.0); }

// Goes through judgements from the oldest to the newest, and forgets what a break made void.
class Watch {
public:
    void add(const PredictedScore& score) {
        const double predicted = capped(score);
        if (const auto now = recent();
            predicted + now.offset - score.threshold >= kSafe * now.error)
            add_safe(score.end == End::refused, score.at);
        if (score.end == End::accepted && predicted > score.threshold + kClear)
            add_pair({score.received - predicted, score.at});
    }

    void conclude(Calibration& result) const {
        result.pairs = int(pairs_.size());
        result.since = pairs_.empty() ? 0 : pairs_.front().at;
        result.broken_at = broken_at_;
        if (result.pairs < kLeastPairs) {
            result.why = why_;
        } else {
            std::tie(result.offset, result.error) = both(measure(pairs_));
            if (std::abs(result.offset) > kMostOffset) result.why = Break::offset;
        }
        if (result.why != Break::none)
            result.state = State::broken;
        else if (result.pairs >= kLeastPairs)
            result.state = State::calibrated;
    }

private:
    static std::pair<double, double> both(const Measure& measure) {
        return {measure.offset, measure.error};
    }

    Measure recent() const {
        if (pairs_.size() < std::size_t(kLeastPairs)) return {};
        return measure(std::span(pairs_).last(std::min(pairs_.size(), kMostBefore)));
    }

    void add_safe(bool refused, Milliseconds at) {
        safe_refused_.push_back(refused);
        if (safe_refused_.size() > kJudgements) safe_refused_.pop_front();
        if (std::count(safe_refused_.begin(), safe_refused_.end(), true) < kRefusals) return;
        pairs_.clear();
        broken(Break::refusals, at);
    }

    void add_pair(const Pair& pair) {
        pairs_.push_back(pair);
        for (const auto newest : kNewest) {
            if (pairs_.size() < newest + kLeastBefore) return;
            const auto all = std::span<const Pair>(pairs_);
            const auto after = all.last(newest);
            const auto rest = all.first(all.size() - newest);
            const auto before = rest.last(std::min(rest.size(), kMostBefore));
            if (!apart(before, after)) continue;
            keep_from_break(measure(before).offset, after);
            broken(Break::shift, pair.at);
            return;
        }
    }

    static bool apart(std::span<const Pair> before, std::span<const Pair> after) {
        const auto usual = measure(before);
        const double by = std::abs(measure(after).offset - usual.offset);
        const double error = kMedianError * usual.error *
                             std::sqrt(1.0 / double(before.size()) + 1.0 / double(after.size()));
        return by > kLeastShift && by > kStandardErrors * error;
    }

    // Of the newest pairs, those that began before the break still look like what was usual.
    void keep_from_break(double usual, std::span<const Pair> after) {
        const double now = measure(after).offset;
        const auto first = std::find_if(after.begin(), after.end(), [&](const Pair& pair) {
            return std::abs(pair.off - now) < std::abs(pair.off - usual);
        });
        pairs_ = std::vector<Pair>(first, after.end());
    }

    void broken(Break why, Milliseconds at) {
        safe_refused_.clear();
        why_ = why;
        broken_at_ = at;
    }

    std::vector<Pair> pairs_;        // since the last break, oldest first
    std::deque<bool> safe_refused_;  // the newest judgements of results that seemed safe
    Break why_ = Break::none;
    Milliseconds broken_at_ = 0;
};

bool belongs(const Prediction& predicted, const Calibration& calibration) {
    return predicted.scorer == calibration.scorer && predicted.left_out == calibration.left_out;
}

}  // namespace

std::string_view name(Calibration::State state) {
    constexpr std::array<std::string_view, 3> kNames{"gathering", "calibrated", "broken"};
    return kNames[std::size_t(state)];
}

std::string_view name(Calibration::Break why) {
    constexpr std::array<std::string_view, 4> kNames{"none", "offset", "shift", "refusals"};
    return kNames[std::size_t(why)];
}

Calibration calibrate(std::span<const PredictedScore> scores) {
    Calibration calibration;
    if (scores.empty()) return calibration;
    calibration.scorer = scores.front().predicted.scorer;
    calibration.left_out = scores.front().predicted.left_out;
    Watch watch;
    for (auto score = scores.rbegin(); score != scores.rend(); ++score)
        if (judged(*score) && belongs(score->predicted, calibration)) watch.add(*score);
    watch.conclude(calibration);
    return calibration;
}

Sides sides(std::span<const PredictedScore> scores, const Calibration& calibration) {
    Sides sides;
    for (const auto& score : scores) {
        if (!judged(score) || !belongs(score.predicted, calibration)) continue;
        const bool promised = calibration.corrected(score.predicted.total) >= score.threshold;
        ++sides.judged;
        sides.right += promised == (score.end == End::accepted);
    }
    return sides;
}

double chance_of_acceptance(double predicted, const Calibration& calibration, double threshold) {
    if (std::isnan(predicted)) return 0;
    const double over = calibration.corrected(predicted) - threshold;
    if (calibration.error <= 0) return over >= 0 ? 1 : 0;
    return std::erfc(-over / calibration.error / std::numbers::sqrt2) / 2;
}

bool pays(double predicted, const Calibration& calibration, double threshold, double acceptance) {
    if (std::isnan(predicted) || calibration.state == State::broken) return true;
    const double least = 2 * acceptance / (1 + 2 * acceptance);
    // So that it is sent, too, when one of the numbers is none.
    return !(chance_of_acceptance(predicted, calibration, threshold) < least);
}

bool pays(const Prediction& predicted, const Calibration& calibration, double threshold,
          double acceptance) {
    const auto applies = belongs(predicted, calibration) ? calibration : Calibration();
    if (!predicted.left_out.empty() && applies.state != State::calibrated) return true;
    return pays(predicted.total, applies, threshold, acceptance);
}

std::vector<PredictionGroup> prediction_groups(std::span<const PredictedScore> scores) {
    std::map<std::pair<std::string, std::string>, std::vector<PredictedScore>> of_all, of_one;
    for (const auto& score : scores) {
        of_all[{score.kind, ""}].push_back(score);
        of_one[{score.kind, score.validator}].push_back(score);
    }
    std::vector<PredictionGroup> groups;
    for (const auto* grouped : {&of_all, &of_one}) {
        for (const auto& [who, of_group] : *grouped) {
            const auto calibration = calibrate(of_group);
            const auto withheld =
                std::count_if(of_group.begin(), of_group.end(),
                              [](const auto& score) { return score.end == End::withheld; });
            groups.push_back({who.first, who.second, int(of_group.size()), int(withheld),
                              calibration, sides(of_group, calibration)});
        }
    }
    return groups;
}

}  // namespace storage

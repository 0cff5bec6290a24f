// What predicted scores say of candidates: how many, from when on they are enough, and whether to
// withhold what would be refused.
#include "miner/report/tuning_rules.hpp"
#include "miner/report/words.hpp"
#include "storage/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace miner {
namespace {

using storage::Attempt;
using storage::PredictedScore;
using storage::TuningRow;
using Verdict = Advice::Verdict;

constexpr std::int64_t kLeastCandidates = 50;   // tasks that made so many
constexpr double kSeldom = 0.02, kOften = 0.1;  // how often the last candidate is the best
constexpr int kMostCandidates = 16;
constexpr double kUsualThreshold = 0.6;  // for which candidates.enough is meant; others shift it

std::string number(double value) {
    auto text = fmt::format("{:.3f}", value);
    while (text.ends_with('0') && !text.ends_with(".0")) text.pop_back();
    return text;
}

// The attempt whose score counts: the one that was sent or withheld.
const Attempt* decided_for(const TuningRow& task) {
    const auto* attempt = task.attempt(task.withheld > 0 ? task.withheld : task.chosen);
    return attempt && attempt->predicted ? attempt : nullptr;
}

// Newest first, as storage/predictions tells them, by kind.
std::map<std::string, std::vector<PredictedScore>> predicted_by_kind(
    const std::vector<TuningRow>& tasks) {
    using End = PredictedScore::End;
    std::map<std::string, std::vector<PredictedScore>> kinds;
    for (const auto& task : tasks) {
        const auto* attempt = decided_for(task);
        if (!attempt) continue;
        PredictedScore score{.row = task.row,
                             .kind = task.kind,
                             .predicted = *attempt->predicted,
                             .threshold = task.threshold,
                             .at = task.pulled_at};
        if (task.withheld > 0) {
            score.end = End::withheld;
        } else if (task.score) {
            score.end = *task.score > 0 ? End::accepted : End::refused;
            score.received = *task.score;
        }
        kinds[task.kind].push_back(std::move(score));
    }
    return kinds;
}

bool judged(const PredictedScore& score) {
    if (!std::isfinite(score.predicted.total)) return false;
    return score.end == PredictedScore::End::accepted || score.end == PredictedScore::End::refused;
}

// Predicted attempts of a task, and which of them was the best, from 1; 0: none.
std::pair<int, int> tries_of(const TuningRow& task, const Scorer& scorer) {
    int count = 0, best = 0;
    double most = -1;
    for (const auto& attempt : task.attempts) {
        if (scorer_of(attempt) != scorer) continue;
        ++count;
        if (attempt.predicted->total <= most) continue;
        most = attempt.predicted->total;
        best = count;
    }
    return {count, best};
}

}  // namespace

Advice most_advice(const TuningSample& sample) {
    const int present = sample.settings.most;
    auto advice =
        stays("candidates.most", std::to_string(present), Verdict::not_enough, kNothingPredicted);
    advice.counted = "best";
    const auto scorer = newest_scorer(sample.tasks);
    if (!scorer) return advice;
    std::map<int, Share> last;   // of tasks that made so many, whether the last was the best
    std::map<int, Share> later;  // of tasks that made more, whether a later one was
    for (const auto& task : sample.tasks) {
        const auto [count, best] = tries_of(task, *scorer);
        if (count < 2) continue;
        last[count].count(best == count);
        for (int n = 1; n < count; ++n) later[n].count(best > n);
    }
    if (later.empty() || later[1].whole < kLeastCandidates) {
        advice.why = fmt::format("{} tasks had more than one scored attempt, {} are needed.",
                                 later.empty() ? 0 : later[1].whole, kLeastCandidates);
        return advice;
    }
    for (const auto& [n, share] : later)
        advice.evidence.push_back({fmt::format("after {} attempts, a later one", n), share});
    for (const auto& [n, share] : later) {
        if (n >= present || share.whole < kLeastCandidates || wilson(share).high > kSeldom)
            continue;
        advice.verdict = Verdict::change;
        advice.proposed = std::to_string(n);
        advice.why = fmt::format(
            "An attempt beyond the first {} is the best in less than {:.0f} % "
            "of tasks.",
            n, 100 * kSeldom);
        advice.effect = fmt::format(
            "{} tasks would have made fewer attempts, {} with another "
            "result.",
            grouped(share.whole), grouped(share.part));
        return advice;
    }
    const auto& used_up = last[present];
    advice.verdict = Verdict::keep;
    if (used_up.whole >= kLeastCandidates && wilson(used_up).low > kOften &&
        present + 2 <= kMostCandidates) {
        advice.evidence.push_back({fmt::format("of {}, the last one", present), used_up});
        advice.verdict = Verdict::change;
        advice.proposed = std::to_string(present + 2);
        advice.why = fmt::format(
            "Where all {} attempts were made, the last one was still the "
            "best in more than {:.0f} % of tasks.",
            present, 100 * kOften);
        advice.effect = fmt::format(
            "{} tasks would have made up to two more, as far as there is "
            "time.",
            grouped(used_up.whole));
        return advice;
    }
    advice.why =
        "Later attempts are the best often enough to be made, and not so often that more "
        "are called for.";
    return advice;
}

Advice enough_advice(const TuningSample& sample) {
    const double present = sample.settings.enough;
    auto advice =
        stays("candidates.enough", number(present), Verdict::not_enough, kNothingPredicted);
    const auto kinds = predicted_by_kind(sample.tasks);
    if (kinds.empty()) return advice;
    // Where 95 % of results are accepted; within that much it is uncertain.
    double need = 0, uncertain = 0;
    std::string missing, words;
    for (const auto& [kind, scores] : kinds) {
        const auto calibration = storage::calibrate(scores);
        if (calibration.state != storage::Calibration::State::calibrated) {
            missing += fmt::format("{}{}: {} accepted results of {} that count",
                                   missing.empty() ? "" : ", ", kind, calibration.pairs,
                                   storage::kLeastPairs);
            continue;
        }
        const double limit = kUsualThreshold + 1.645 * calibration.error;
        words += fmt::format(" {}: {} accepted results, error {:.3f}.", kind, calibration.pairs,
                             calibration.error);
        if (limit <= need) continue;
        need = limit;
        // The offset is a median (variance 1.57 e^2 / n), the error a median absolute deviation
        // (37 % as efficient as a standard deviation: e^2 / (0.74 n)).
        uncertain = 1.96 * calibration.error *
                    std::sqrt((1.57 + 1.645 * 1.645 / 0.74) / double(calibration.pairs));
    }
    advice.why = "Not calibrated: " + missing + ".";
    if (need == 0) return advice;
    const double proposed = std::ceil(need * 100 - 1e-9) / 100;
    if (std::abs(present - need) <= std::max(uncertain, 0.02)) {
        advice.verdict = Verdict::keep;
        advice.why = fmt::format("95 % are accepted from {:.3f} on, give or take {:.3f}.{}", need,
                                 uncertain, words);
        return advice;
    }
    if (proposed < present && !missing.empty()) return advice;  // a kind unseen may need it
    std::int64_t tasks = 0;
    for (const auto& [kind, scores] : kinds) {
        const auto calibration = storage::calibrate(scores);
        const auto low = std::min(present, proposed), high = std::max(present, proposed);
        tasks += std::count_if(scores.begin(), scores.end(), [&](const PredictedScore& score) {
            const double total = calibration.corrected(score.predicted.total);
            return total >= low && total < high;
        });
    }
    advice.verdict = Verdict::change;
    advice.proposed = number(proposed);
    advice.why = fmt::format(
        "A result is accepted with a chance of 95 % when it is predicted, "
        "bias added, at {:.3f}, give or take {:.3f}.{}",
        need, uncertain, words);
    advice.effect = grouped(tasks) +
                    (proposed > present ? " tasks ended between the two and would have gone on."
                                        : " results between the two would have ended their tasks.");
    return advice;
}

Advice withhold_advice(const TuningSample& sample) {
    const bool present = sample.settings.withhold != "never";
    auto advice = stays("candidates.withhold", '"' + sample.settings.withhold + '"',
                        Verdict::not_enough, kNothingPredicted);
    advice.counted = "accepted";
    auto kinds = predicted_by_kind(sample.tasks);
    if (kinds.empty()) return advice;
    // Calibrated by the older half, tried on the newer one.
    Share doubtful, others;
    std::string missing;
    for (auto& [kind, scores] : kinds) {
        std::erase_if(scores, [](const PredictedScore& score) { return !judged(score); });
        const auto half = scores.begin() + std::ptrdiff_t(scores.size() / 2);
        const std::vector<PredictedScore> newer(scores.begin(), half), older(half, scores.end());
        const auto calibration = storage::calibrate(older);
        if (calibration.state != storage::Calibration::State::calibrated) {
            missing += fmt::format("{}{}: {} accepted results of {} that count, in the older half",
                                   missing.empty() ? "" : ", ", kind, calibration.pairs,
                                   storage::kLeastPairs);
            continue;
        }
        for (const auto& score : newer) {
            const bool pays = storage::pays(score.predicted, calibration, score.threshold,
                                            sample.accepted.value());
            (pays ? others : doubtful).count(score.end == PredictedScore::End::accepted);
        }
    }
    advice.evidence = {{"would have been withheld", doubtful}, {"would have been sent", others}};
    if (doubtful.whole + others.whole == 0) {
        advice.evidence.clear();
        advice.why = "Not calibrated: " + (missing.empty() ? "nothing was judged" : missing) + ".";
        return advice;
    }
    if (doubtful.whole < kLeastJudged) {
        advice.why = fmt::format(
            "{} results that would have been withheld were sent and judged, "
            "{} are needed{}.",
            doubtful.whole, kLeastJudged,
            present ? "; of those that are withheld one in ten is sent all the same" : "");
        return advice;
    }
    const auto interval = wilson(doubtful);
    const bool withhold = interval.high < sample.worth;
    if (!withhold && interval.low <= sample.worth) {
        advice.why = "Whether withholding pays lies within the noise.";
        return advice;
    }
    advice.verdict = withhold == present ? Verdict::keep : Verdict::change;
    advice.why = withhold ? "Results that would be withheld are refused so often that the empty "
                            "result is worth more."
                          : "Results that would be withheld are accepted so often that they are "
                            "worth sending.";
    if (advice.verdict == Verdict::keep) return advice;
    advice.proposed = withhold ? "\"auto\"" : "\"never\"";
    const auto refused = double(doubtful.whole - doubtful.part);
    advice.effect = fmt::format(
        "{} results: withheld, {:.0f} turns gained and {} lost; sent, the reverse.",
        grouped(doubtful.whole), 2 * sample.accepted.value() * refused, grouped(doubtful.part));
    return advice;
}

}  // namespace miner

// Which enhancement chain does better, by predicted scores.
#include "miner/report/tuning_rules.hpp"
#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

namespace miner {
namespace {

using storage::EnhancementChain;
using Verdict = Advice::Verdict;

constexpr std::int64_t kLeastPairs = 30;  // of attempts whose means are compared
constexpr double kLeastGain = 0.01;       // of a score

std::string list_of(const std::vector<std::string>& operations) {
    std::string text = "[";
    for (const auto& each : operations) text += (text.size() > 1 ? ", \"" : "\"") + each + "\"";
    return text + "]";
}

// Predicted scores of pictures by chain.
struct Chains {
    std::vector<double> first;    // standard, of every task's first attempt: nothing chose these
    std::vector<double> extreme;  // of tasks whose first attempt did not do
    std::vector<double> paired;   // extreme less standard, within one task
};

Chains chains_of(const std::vector<storage::TuningRow>& tasks, const Scorer& scorer) {
    Chains chains;
    for (const auto& task : tasks) {
        std::optional<double> standard, extreme;
        for (const auto& attempt : task.attempts) {
            if (scorer_of(attempt) != scorer) continue;
            if (attempt.chain == EnhancementChain::standard && attempt.number == 1)
                standard = attempt.predicted->total;
            else if (attempt.chain == EnhancementChain::extreme && !extreme)
                extreme = attempt.predicted->total;
        }
        if (standard) chains.first.push_back(*standard);
        if (extreme) chains.extreme.push_back(*extreme);
        if (standard && extreme) chains.paired.push_back(*extreme - *standard);
    }
    return chains;
}

std::string mean_words(const Mean& mean) {
    const auto interval = mean.interval();
    return fmt::format("{:+.3f} ({:+.3f} to {:+.3f})", mean.value, interval.low, interval.high);
}

}  // namespace

std::optional<Scorer> scorer_of(const storage::Attempt& attempt) {
    if (!attempt.predicted || !std::isfinite(attempt.predicted->total)) return std::nullopt;
    return Scorer(attempt.predicted->scorer, attempt.predicted->left_out);
}

std::optional<Scorer> newest_scorer(const std::vector<storage::TuningRow>& tasks) {
    for (const auto& task : tasks)
        for (const auto& attempt : task.attempts)
            if (const auto scorer = scorer_of(attempt)) return scorer;
    return std::nullopt;
}

Advice enhance_advice(const TuningSample& sample) {
    const auto standard = list_of(sample.settings.standard),
               extreme = list_of(sample.settings.extreme);
    auto advice = stays("enhance.extreme", extreme, Verdict::not_enough, kNothingPredicted);
    const auto scorer = newest_scorer(sample.tasks);
    if (!scorer) return advice;
    if (standard == extreme) {
        advice.verdict = Verdict::keep;
        advice.why = "Both chains are the same.";
        return advice;
    }
    const auto chains = chains_of(sample.tasks, *scorer);
    if (std::int64_t(chains.paired.size()) < kLeastPairs) {
        advice.why = fmt::format(
            "{} pictures were tried with both chains and scored, {} are "
            "needed.",
            chains.paired.size(), kLeastPairs);
        return advice;
    }
    // The extreme chain comes second, after a first attempt that did not do. So it gets the harder
    // pictures, and within these it is compared with a first attempt that was bad luck as well. Of
    // two comparisons, each of which favours one of them, only one that goes against that counts.
    const auto ahead = difference(mean(chains.extreme), mean(chains.first));
    const auto paired = mean(chains.paired);
    if (ahead.interval().low > kLeastGain) {
        advice.setting = "enhance.standard";
        advice.verdict = Verdict::change;
        advice.present = standard;
        advice.proposed = extreme;
        advice.why = fmt::format(
            "Though it gets the harder pictures, the extreme chain is ahead "
            "of first attempts by {} of the predicted score.",
            mean_words(ahead));
        advice.effect = fmt::format("{} first attempts would have been made with it.",
                                    grouped(std::int64_t(chains.first.size())));
        return advice;
    }
    if (paired.interval().high < -kLeastGain) {
        advice.verdict = Verdict::change;
        advice.proposed = standard;
        advice.why = fmt::format(
            "Of {} pictures, each tried with both chains because the first "
            "attempt did not do, the extreme chain's predicted score is "
            "still the lower one, by {}.",
            paired.count, mean_words(paired));
        advice.effect = fmt::format(
            "{} attempts would have been made with the standard chain and "
            "another seed.",
            grouped(std::int64_t(chains.extreme.size())));
        return advice;
    }
    advice.verdict = Verdict::keep;
    advice.why = fmt::format(
        "The chains cannot be told apart: within {} pictures the extreme "
        "one's predicted score differs by {}, which their choice favours; "
        "from all first attempts by {}, which it does not.",
        paired.count, mean_words(paired), mean_words(ahead));
    return advice;
}

}  // namespace miner

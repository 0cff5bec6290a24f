// The rules behind tune(), one for each setting. For miner/report/tuning*.cpp and their tests.
#pragma once

#include "miner/report/tuning.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace miner {

// What every rule looks at.
struct TuningSample {
    struct Judged {
        std::int64_t gaussians = 0;
        bool accepted = false;
    };

    const std::vector<storage::TuningRow>& tasks;  // newest first
    const TuningSettings& settings;
    std::vector<Judged> judged;  // results of which that is known
    Share accepted;
    double worth = 0;
};

TuningSample sample_of(const std::vector<storage::TuningRow>& tasks,
                       const TuningSettings& settings);

// A refused result costs two turns beside the one that it took, the empty result none: from this
// chance of acceptance on one is worth sending, when `acceptance` is what a turn brings (section
// "What is withheld" of ops/docs/scoring.md).
double worth_sending(double acceptance);

// Fewer tell nothing.
inline constexpr std::int64_t kLeastJudged = 20;

inline constexpr const char* kNothingPredicted =
    "No score was predicted of these tasks: that needs score.model.";

// By which an attempt's score was predicted, its name and what it left out: totals of different
// ones are not compared. Empty without a predicted score that is a number.
using Scorer = std::pair<std::string, std::string>;
std::optional<Scorer> scorer_of(const storage::Attempt& attempt);
std::optional<Scorer> newest_scorer(const std::vector<storage::TuningRow>& tasks);

Advice gate_advice(const TuningSample& sample);
Advice floor_advice(const TuningSample& sample);
Advice enhance_advice(const TuningSample& sample);
Advice most_advice(const TuningSample& sample);
Advice enough_advice(const TuningSample& sample);
Advice withhold_advice(const TuningSample& sample);

// An advice without a proposal.
Advice stays(std::string setting, std::string present, Advice::Verdict verdict, std::string why);

// "57 of 60 (95.0 %, 86.3 to 98.3 %)": with the interval of wilson().
std::string share_words(const Share& share);

}  // namespace miner

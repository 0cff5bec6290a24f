#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace miner {

std::string words(storage::Outcome outcome) {
    if (outcome == storage::Outcome::none) return "nothing";
    std::string words(storage::name(outcome));
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

std::string words(const storage::Calibration& calibration) {
    using Break = storage::Calibration::Break;
    const auto so_far = fmt::format("{} of {} pairs", calibration.pairs, storage::kLeastPairs);
    const auto state = std::string(storage::name(calibration.state));
    const auto until = " Nothing is withheld until new ones fit: " + so_far + " since then.";
    switch (calibration.why) {
        case Break::none:
            break;
        case Break::offset:
            return fmt::format(
                "{}: received scores are {:.3f} {} what is predicted, and more than {} is no bias."
                " Nothing is withheld.",
                state, std::abs(calibration.offset), calibration.offset > 0 ? "above" : "below",
                storage::kMostOffset);
        case Break::shift:
            return state +
                   ": received scores lie elsewhere than before, against what is predicted." +
                   until;
        case Break::refusals:
            return state + ": results that seemed safe were refused." + until;
    }
    return calibration.state == storage::Calibration::State::gathering ? state + ": " + so_far
                                                                       : state;
}

std::string score_words(double score, bool density_alone) {
    return fmt::format("{} {:.2f}", density_alone ? "density" : "score", score);
}

}  // namespace miner

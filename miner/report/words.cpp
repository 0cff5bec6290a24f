#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {

std::string words(storage::Outcome outcome) {
    if (outcome == storage::Outcome::none) return "nothing";
    std::string words(storage::name(outcome));
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

std::string score_words(double score, bool density_alone) {
    return fmt::format("{} {:.2f}", density_alone ? "density" : "score", score);
}

}  // namespace miner

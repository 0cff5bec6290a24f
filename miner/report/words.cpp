#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <ctime>

namespace miner {

std::string minute_utc(storage::Milliseconds at) {
    const std::time_t seconds = at / 1000;
    std::tm time{};
    std::array<char, 64> text;
    if (!gmtime_r(&seconds, &time)) return "?";
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &time)};
}

std::string grouped(std::int64_t value) {
    std::string digits = std::to_string(value);
    const auto first = std::ptrdiff_t(value < 0);
    for (auto at = std::ptrdiff_t(digits.size()) - 3; at > first; at -= 3) {
        digits.insert(std::size_t(at), ",");
    }
    return digits;
}

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

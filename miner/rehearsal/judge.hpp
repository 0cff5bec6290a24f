// What the rehearsal's validator makes of a result. A stand-in for the subnet's scoring, and honest
// about it: it decodes, checks and renders exactly as the validator does, but where that asks
// networks about the pictures, this compares silhouettes and colours, and counts.
#pragma once

#include "network/simulator/validator.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace miner {

// By what the rehearsal scores, for its report.
inline constexpr std::string_view kJudgedBy =
    "the validator's own decoder and data checks; the score stands in for its networks:\n"
    "  density (Gaussians / gate, at most 1, x the share that can be seen), of a picture x the "
    "likeness\n"
    "  of the nearest of the validator's views (overlap of silhouettes x closeness of colour).\n"
    "  A prompt's score is density alone: nobody looks whether the result shows what it says.";

// The same in short, beside scores.
inline constexpr std::string_view kScoresNote =
    "Scores are the rehearsal's stand-in for a validator's; a prompt's is density alone.";

// Whether the score of this task is density alone: a prompt, or a picture without a silhouette.
bool scored_by_density_alone(const network::Task& task);

// Score 0 with the reason when the validator would refuse the data. gate: the count from which
// density costs nothing. A task's picture without transparency has no silhouette to compare, and a
// prompt no picture: then likeness is left out. Takes about a second on one core.
network::Evaluation judge_spz(const network::Task& task, std::span<const std::uint8_t> spz,
                              std::int64_t gate);

}  // namespace miner

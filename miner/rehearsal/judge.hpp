// What the rehearsal's validator makes of a result. A stand-in for the subnet's scoring, and honest
// about it: it decodes, checks and renders exactly as the validator does, but where that asks
// networks about the pictures, this compares them with the object that the task is of.
#pragma once

#include "miner/rehearsal/truth.hpp"
#include "network/simulator/validator.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace miner {

// By what the rehearsal scores, for its report.
inline constexpr std::string_view kJudgedBy =
    "the validator's own decoder and data checks; the score stands in for its networks:\n"
    "  how much of the true object, of which the picture or the prompt is, is there in shape and\n"
    "  colour, over the worse half of eight of the validator's views. Where the object is unknown\n"
    "  (pictures of your own, another model than the embedded one), the likeness of the nearest\n"
    "  view; without a silhouette density (Gaussians / gate, at most 1, x the share to be seen).";

// The same in short, beside scores.
inline constexpr std::string_view kScoresNote =
    "Scores are the rehearsal's stand-in for a validator's: how much of the true object is there, "
    "where it is known.";

// Truth: the object is known. Likeness of the nearest view: a picture with a silhouette. Density:
// there is nothing to compare with.
enum class JudgedBy { truth, likeness, density };
std::string_view name(JudgedBy by);

// `objects`: what the task is of, any of which is right; empty: that is not known.
JudgedBy judged_by(const network::Task& task, std::span<const TrueViews> objects);

// Score 0 with the reason when the validator would refuse the data. gate: the count from which
// density costs nothing. A result depends on nothing but these values. Takes about a second on one
// core.
network::Evaluation judge_spz(const network::Task& task, std::span<const std::uint8_t> spz,
                              std::span<const TrueViews> objects, std::int64_t gate);

}  // namespace miner

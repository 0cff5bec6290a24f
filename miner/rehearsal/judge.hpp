// What the rehearsal's validator makes of a result. A stand-in for the subnet's scoring, and honest
// about it: it decodes and checks exactly as the validator does, but where that looks at pictures,
// this looks at counts and opacities.
#pragma once

#include "network/local/validator.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace miner {

// By what the rehearsal scores, for its report.
inline constexpr std::string_view kJudgedBy =
    "the validator's own decoder and data checks; the score stands in for its pictures: "
    "(Gaussians / gate)^2, at most 1, times the share that can be seen";

// Score 0 with the reason when the validator would refuse the data. gate: the count from which
// density costs nothing.
network::Verdict judge_spz(std::span<const std::uint8_t> spz, std::int64_t gate);

}  // namespace miner

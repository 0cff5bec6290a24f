// What to do with a structure, and whether splats are fit to be submitted, from numbers alone: no
// I/O, no clock.
#pragma once

#include "config/settings.hpp"
#include "generator/splat/health.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace miner {

// Gaussians that an attempt will give; negative for an attempt that failed.
using GaussianCounts = std::vector<std::int64_t>;

enum class GateVerdict {
    passed,          // the first attempt reached the gate: stage 2 for it
    retry,           // sparse, and attempts are left
    retry_passed,    // a later attempt reached the gate: stage 2 for it
    retry_improved,  // still sparse, but a later attempt is the best and above the floor: stage 2
                     // for it, with a warning
    rejected,        // nothing that may be submitted
};

struct Decision {
    GateVerdict verdict = GateVerdict::rejected;
    int attempt = -1;  // index into `counts` of the one for stage 2; -1 for retry and rejected
};

// counts: every attempt so far, at least one.
Decision judge(const GaussianCounts& counts, const config::Gate& gate);

// Which of the gate's limits the splats break, with the setting's name; empty: none.
std::string unhealthy(const generator::SplatHealth& health, const config::Gate& gate);

}  // namespace miner

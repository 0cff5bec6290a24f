// When a flow is evaluated, and which evaluations are guided.
#pragma once

#include <vector>

namespace generator {

struct SamplerSettings {
    int steps = 12;
    double guidance = 0;     // w in (1 + w) v(condition) - w v(no condition)
    double guided_from = 0;  // guidance applies while guided_from <= t <= guided_to
    double guided_to = 1;
    double rescale_t = 1;
};

struct Step {
    double t;       // 1 is noise, 0 is data
    double t_next;  // below t
    bool guided;    // both velocities are needed; never when guidance is 0
};

// steps entries from t = 1 down to t_next = 0, warped by r t / (1 + (r - 1) t) with r = rescale_t
// (TRELLIS, arXiv 2412.01506, after Esser et al. 2024, arXiv 2403.03206).
std::vector<Step> timesteps(const SamplerSettings& settings);

}  // namespace generator

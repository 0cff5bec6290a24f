#include "miner/generation/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace miner {

Decision judge(const GaussianCounts& counts, const config::Gate& gate) {
    const auto best = std::max_element(counts.begin(), counts.end());  // the earliest of equals
    const int index = int(best - counts.begin());
    if (*best >= gate.min_gaussians)
        return {index == 0 ? GateVerdict::passed : GateVerdict::retry_passed, index};
    if (int(counts.size()) < gate.attempts) return {GateVerdict::retry, -1};
    if (index > 0 && *best >= gate.floor) return {GateVerdict::retry_improved, index};
    return {GateVerdict::rejected, -1};
}

std::string unhealthy(const generator::SplatHealth& health, const config::Gate& gate) {
    if (health.invisible > gate.max_invisible)
        return fmt::format("{:.1f} % of the opacities are below 0.001, gate.max_invisible is {:g}",
                           100 * health.invisible, gate.max_invisible);
    if (health.opacity_spread < gate.min_opacity_spread)
        return fmt::format("the opacities spread by {:.4f}, gate.min_opacity_spread is {:g}",
                           health.opacity_spread, gate.min_opacity_spread);
    if (health.non_finite > gate.max_non_finite)
        return fmt::format("{:.1f} % of the Gaussians are not finite, gate.max_non_finite is {:g}",
                           100 * health.non_finite, gate.max_non_finite);
    if (health.identity_rotations > gate.max_identity_rotations)
        return fmt::format(
            "{:.1f} % of the Gaussians are not turned, gate.max_identity_rotations is {:g}",
            100 * health.identity_rotations, gate.max_identity_rotations);
    const double side = *std::max_element(health.extent.begin(), health.extent.end());
    if (side < gate.min_extent)
        return fmt::format("the largest side is {:.3f}, gate.min_extent is {:g}", side,
                           gate.min_extent);
    return {};
}

}  // namespace miner

#include "generator/sample/schedule.hpp"

#include <ATen/ATen.h>

namespace generator {

std::vector<Step> timesteps(const SamplerSettings& settings) {
    // torch's own linspace: it rounds in its own way, and a t on the edge of the interval must fall
    // on the same side.
    const auto even = at::linspace(1, 0, settings.steps + 1, at::kDouble);
    const double* grid = even.const_data_ptr<double>();
    const auto warped = [&, r = settings.rescale_t](int i) {
        return r * grid[i] / (1 + (r - 1) * grid[i]);
    };
    std::vector<Step> steps;
    for (int i = 0; i < settings.steps; ++i) {
        const double t = warped(i);
        const bool inside = settings.guided_from <= t && t <= settings.guided_to;
        steps.push_back({t, warped(i + 1), inside && settings.guidance != 0});
    }
    return steps;
}

}  // namespace generator

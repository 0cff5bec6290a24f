#include "generator/sample/flow_euler.hpp"

#include <utility>

#include <ATen/ATen.h>

namespace generator {

std::optional<at::Tensor> integrate(const Flow& flow, at::Tensor noise,
                                    const SamplerSettings& settings, const std::stop_token& stop) {
    const auto steps = timesteps(settings);
    const double w = settings.guidance;
    at::Tensor x = std::move(noise);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (stop.stop_requested()) return std::nullopt;
        const auto v = flow(x, int(i), steps[i].guided);
        at::Tensor velocity = v.conditional;
        if (steps[i].guided) velocity = (1 + w) * velocity - w * v.unconditional;
        x = x - (steps[i].t - steps[i].t_next) * velocity;
    }
    return x;
}

}  // namespace generator

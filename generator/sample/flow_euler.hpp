// Integrates a flow from noise to data (rectified flow: Liu et al. 2022, arXiv 2209.03003) with
// classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598). Knows no network.
#pragma once

#include "generator/sample/schedule.hpp"

#include <functional>
#include <optional>
#include <stop_token>

#include <ATen/core/Tensor.h>

namespace generator {

// Velocities at step number `step`, both of the shape of x; `unconditional` is left undefined
// unless the step is guided.
struct Velocities {
    at::Tensor conditional;
    at::Tensor unconditional;
};
using Flow = std::function<Velocities(const at::Tensor& x, int step, bool guided)>;

// Euler steps of dx = v dt over the schedule, in fp32. Empty when `stop` was requested; polled
// before each step.
std::optional<at::Tensor> integrate(const Flow& flow, at::Tensor noise,
                                    const SamplerSettings& settings, const std::stop_token& stop);

}  // namespace generator

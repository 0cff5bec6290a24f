// What the Gaussian decoder made, as values of this process.
#pragma once

#include "generator/asset.hpp"
#include "generator/models/gaussian_decoder.hpp"

namespace generator {

// Waits for the device that the Gaussians are on.
Splats host_splats(const Gaussians& gaussians);

}  // namespace generator

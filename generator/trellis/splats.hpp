// What the Gaussian decoder made, as values of this process.
#pragma once

#include "generator/asset.hpp"
#include "generator/models/gaussian_decoder.hpp"

#include <ATen/core/Tensor.h>

namespace generator {

// A GPU's values come by way of page-locked memory, which is several times faster. It is kept: to
// ask for it anew, for each object's number of Gaussians, takes longer than the copy. One thread.
class HostCopy {
public:
    // Waits for the device that the Gaussians are on.
    Splats operator()(const GaussianTensors& gaussians);

private:
    at::Tensor locked_;  // fp32, as many as the largest object needed
};

}  // namespace generator

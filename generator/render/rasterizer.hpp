// The rasterizer of each device; linked with what has torch, which knows the devices.
#pragma once

#include "generator/render/rasterize.hpp"

#include <functional>
#include <string>

namespace generator {

// Any thread; fails as rasterize() does, and with device_lost.
using Rasterizer = std::function<config::Result<Rendering>(const Gaussians&, const Camera&)>;

// device: cpu, cuda, cuda:N, or auto: the first GPU if there is one. Fails with bad_device.
config::Result<Rasterizer> rasterizer_on(const std::string& device);

}  // namespace generator

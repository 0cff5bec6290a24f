// How much memory was in use at most.
#pragma once

#include "generator/trellis/device.hpp"

#include <cstdint>

namespace generator {

// Most bytes in use since the last look, or since the start: of the device's allocator, or on a CPU
// of the process.
std::int64_t look_at_peak(const ComputeTarget& target);

}  // namespace generator

// How much memory was in use at most, and how often it was asked for.
#pragma once

#include "generator/trellis/device.hpp"

#include <cstdint>
#include <optional>

namespace generator {

// Most bytes in use since the last look, or since the start: of the device's allocator, or on a CPU
// of the process.
std::int64_t look_at_peak(const ComputeTarget& target);

// How often the device's allocator has asked the driver for memory. Nothing on a CPU.
std::optional<std::int64_t> count_device_allocations(const ComputeTarget& target);

}  // namespace generator

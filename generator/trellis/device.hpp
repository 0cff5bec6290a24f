// Where the networks run, and in which type: a device and a dtype.
#pragma once

#include "config/settings.hpp"
#include "generator/generator.hpp"
#include "generator/gpu.hpp"

#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

namespace generator {

struct ComputeTarget {
    at::Device device{at::kCPU};
    at::ScalarType dtype = at::kFloat;
    DeviceChoice choice = {};  // how it came to be this device

    std::string device_name() const;  // "cpu", "cuda:0"
    std::string dtype_name() const;   // "fp32", "fp16", "bf16"

    std::optional<DeviceMemory> memory() const;  // nothing for a CPU, or when it does not say

    void synchronize() const;  // waits for what was launched, so that a clock means something
};

// settings.device as choose_device() has it; settings.dtype: auto, fp32, fp16, bf16. Throws
// Refused(bad_device).
ComputeTarget choose_target(const config::Generator& settings);

}  // namespace generator

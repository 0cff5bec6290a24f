// The real Generator: TRELLIS v1 (arXiv 2412.01506) from a checkpoint folder or from the embedded
// model.
#pragma once

#include "generator/generator.hpp"

#include <optional>

namespace generator {

// Reads settings.model (a folder as published: pipeline.json, ckpts/NAME.json + .safetensors;
// empty: the embedded one) onto settings.device. Call it on the lane that will use the generator.
// Fails with missing_file, bad_checkpoint, missing_tensor, extra_tensor, misshapen_tensor,
// bad_device, out_of_memory.
config::Result<std::unique_ptr<Generator>> make_trellis(const config::Generator& settings);

// Memory of the GPU that settings.device means, before anything is loaded; empty when that is the
// CPU. Takes the GPU into use. Fails with bad_device, device_lost.
config::Result<std::optional<DeviceMemory>> gpu_memory(const config::Generator& settings);

}  // namespace generator

// The real Generator: TRELLIS v1 (arXiv 2412.01506) from a checkpoint folder or from the embedded
// model.
#pragma once

#include "generator/generator.hpp"
#include "generator/memory_need.hpp"

#include <optional>

namespace generator {

// Reads settings.model (a folder as published: pipeline.json, ckpts/NAME.json + .safetensors;
// empty: the embedded one) onto settings.device. Call it on the lane that will use the generator.
// Fails with missing_file, disk_failed, bad_checkpoint, missing_tensor, extra_tensor,
// misshapen_tensor, bad_device, device_lost, out_of_memory, device_too_small.
config::Result<std::unique_ptr<Generator>> make_trellis(const config::Generator& settings);

// What settings.device means here, before anything is loaded. Takes a GPU into use. Fails with
// bad_device, device_lost.
config::Result<DeviceReport> look_at_device(const config::Generator& settings);

// What settings.model would need of a GPU, in the type that settings.dtype means there. Reads no
// weights, and needs no GPU. Fails as make_trellis() does for the model's files.
config::Result<MemoryNeed> memory_need(const config::Generator& settings);

}  // namespace generator

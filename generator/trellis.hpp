// The real Generator: TRELLIS v1 (arXiv 2412.01506) from a checkpoint folder or from the embedded
// model.
#pragma once

#include "generator/generator.hpp"

namespace generator {

// Reads settings.model (a folder as published: pipeline.json, ckpts/NAME.json + .safetensors;
// empty: the embedded one) onto settings.device. Call it on the lane that will use the generator.
// Fails with missing_file, bad_checkpoint, missing_tensor, extra_tensor, misshapen_tensor,
// bad_device, out_of_memory.
config::Result<std::unique_ptr<Generator>> make_trellis(const config::Generator& settings);

}  // namespace generator

// A scorer for the rehearsal, with nothing to download: a small judge of the embedded model's toy
// world, which predicts what the rehearsal's validator will say (nano/model/README.md has how
// well). Of other objects, photographs and words outside that world its scores mean nothing.
#pragma once

#include "generator/score/scorer.hpp"
#include "generator/weights/files.hpp"

#include <memory>
#include <string>

namespace generator {

// Its heads stand on the embedded picture and text encoders, in fp32. Its parts: iqa, how well the
// splats are made, 0..1; alignment, how well they match what was asked for, 0..1; total, the
// logistic function of a weighted sum of their two logits. ssim and lpips are left out. score()
// takes the views of info().views exactly.
//
// device: as the setting generator.device. files: has ckpts/judge.{json,safetensors}, the encoders
// beside it, and tokenizer/. Fails with bad_device, missing_file, bad_checkpoint, missing_tensor,
// extra_tensor, misshapen_tensor, out_of_memory.
config::Result<std::unique_ptr<Scorer>> open_embedded_scorer(const std::string& device = "auto");
config::Result<std::unique_ptr<Scorer>> open_embedded_scorer(const std::string& device,
                                                             const Files& files);

}  // namespace generator

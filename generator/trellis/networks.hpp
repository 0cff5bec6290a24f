// The five networks of a pipeline, for pictures or for prompts, read from a checkpoint and known to
// fit together. Throws Refused.
#pragma once

#include "generator/models/dinov2.hpp"
#include "generator/models/gaussian_decoder.hpp"
#include "generator/models/latent_flow.hpp"
#include "generator/models/structure_decoder.hpp"
#include "generator/models/structure_flow.hpp"
#include "generator/models/text_encoder.hpp"
#include "generator/trellis/device.hpp"
#include "generator/weights/bundle.hpp"
#include "generator/weights/manifest.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace generator {

struct NetworkConfigs {
    std::optional<DinoV2::Config> encoder;  // one of these two, by the manifest's input
    std::optional<ClipText::Config> text_encoder;
    StructureFlow::Config structure_flow;
    StructureDecoder::Config structure_decoder;
    LatentFlow::Config latent_flow;
    GaussianDecoder::Config gaussian_decoder;

    std::int64_t resolution() const {
        return structure_flow.resolution * structure_decoder.upsampling();
    }

    // Also checks what one file says against what the others say: bad_checkpoint.
    static NetworkConfigs read(const Manifest& manifest);
};

struct Networks {
    Manifest manifest;
    NetworkConfigs configs;
    std::optional<DinoV2> encoder;  // one of these two, by the manifest's input
    std::optional<TextEncoder> text_encoder;
    StructureFlow structure_flow;
    StructureDecoder structure_decoder;
    LatentFlow latent_flow;
    GaussianDecoder gaussian_decoder;
    std::int64_t parameters;  // that were read for this pipeline

    // twin: another pipeline of the same files, or null; networks that both name are read once, and
    // their weights are in memory once.
    static Networks read(const Files& files, const ComputeTarget& target, Manifest manifest,
                         const Networks* twin = nullptr);

    // With random weights; a prompt pipeline's tokenizer is read from `files`.
    static Networks random(const Files& files, const ComputeTarget& target, Manifest manifest);

private:
    using BundleOf = std::function<Bundle(const NetworkSpec&)>;
    static Networks build(const BundleOf& bundle_of, const Files& files, Manifest manifest,
                          const Networks* twin);
};

}  // namespace generator

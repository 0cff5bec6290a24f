// The five networks of the picture pipeline, read from a checkpoint and known to fit together.
// Throws Refused.
#pragma once

#include "generator/models/dinov2.hpp"
#include "generator/models/gaussian_decoder.hpp"
#include "generator/models/latent_flow.hpp"
#include "generator/models/structure_decoder.hpp"
#include "generator/models/structure_flow.hpp"
#include "generator/trellis_device.hpp"
#include "generator/weights/manifest.hpp"

#include <cstdint>

namespace generator {

struct NetworkConfigs {
    DinoV2::Config encoder;
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
    DinoV2 encoder;
    StructureFlow structure_flow;
    StructureDecoder structure_decoder;
    LatentFlow latent_flow;
    GaussianDecoder gaussian_decoder;
    std::int64_t parameters;

    static Networks read(const Files& files, const Place& place);
};

}  // namespace generator

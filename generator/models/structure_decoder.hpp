// From the latent of the structure to occupancy: a small 3D convolutional network (TRELLIS,
// SparseStructureDecoder).
#pragma once

#include "generator/nn/conv3d.hpp"
#include "generator/nn/norm.hpp"
#include "generator/nn/sparse_shape.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <variant>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class StructureDecoder {
public:
    struct Config {
        std::int64_t latent_channels;
        std::int64_t blocks;  // residual blocks at each resolution
        std::int64_t middle_blocks;
        std::vector<std::int64_t>
            channels;  // at each resolution, coarse to fine; the edge doubles from one to the next

        std::int64_t upsampling() const { return std::int64_t(1) << (channels.size() - 1); }
        static Config read(const Args& args);
    };

    StructureDecoder(const Config& config, Bundle& bundle);

    // latent [1, C, R, R, R] fp32 -> logits [1, 1, U R, U R, U R] fp32, U = upsampling(); > 0 is
    // occupied.
    at::Tensor logits(const at::Tensor& latent) const;

private:
    struct ResBlock {
        ResBlock(const Scope& scope, std::int64_t channels);
        at::Tensor operator()(const at::Tensor& x) const;

        LayerNorm norm1, norm2;
        Conv3d conv1, conv2;
    };
    struct Upsample {  // one convolution to eight times the channels, which then become the eight
                       // cells of a cube
        Upsample(const Scope& scope, std::int64_t in, std::int64_t out);
        at::Tensor operator()(const at::Tensor& x) const;

        Conv3d conv;
    };

    at::ScalarType dtype_;
    Conv3d input_layer_;
    std::vector<ResBlock> middle_block_;
    std::vector<std::variant<ResBlock, Upsample>> blocks_;
    LayerNorm out_norm_;
    Conv3d out_conv_;
};

// Voxels where logits [1, 1, R, R, R] are above 0, in ascending order.
std::vector<Voxel> active_voxels(const at::Tensor& logits);

}  // namespace generator

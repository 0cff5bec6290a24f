// From the structured latent to Gaussians, a fixed number for each voxel (TRELLIS, arXiv
// 2412.01506, SLatGaussianDecoder): a transformer over shifted windows of voxels, then what its
// numbers mean.
#pragma once

#include "generator/nn/block.hpp"
#include "generator/nn/sparse_shape.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

// M = voxels * gaussians_per_voxel rows, fp32, voxel by voxel; activated as Splats has them.
struct GaussianTensors {
    at::Tensor position;  // [M, 3]
    at::Tensor colour;    // [M, 3]
    at::Tensor scale;     // [M, 3]
    at::Tensor rotation;  // [M, 4]
    at::Tensor opacity;   // [M]
};

class GaussianDecoder {
public:
    struct Config {
        std::int64_t resolution;
        std::int64_t latent_channels;
        std::int64_t channels;
        std::int64_t blocks;
        std::int64_t heads;
        double mlp_ratio;
        std::int64_t window;  // voxels along its edge
        bool qk_norm;
        std::int64_t per_voxel;
        bool perturb_offset;
        double voxel_size;
        double kernel_size;  // smallest standard deviation
        double scaling_bias, opacity_bias;
        double lr_xyz, lr_colour, lr_scaling, lr_rotation, lr_opacity;

        static Config read(const Args& args);
    };

    GaussianDecoder(const Config& config, Bundle& bundle);

    // latent [N, C] fp32 -> [N, 14 per_voxel] fp32: xyz, colour, scale, rotation, opacity.
    at::Tensor features(const at::Tensor& latent, const SparseShape& shape) const;

    GaussianTensors gaussians(const at::Tensor& features, const SparseShape& shape) const;

private:
    Config config_;
    at::ScalarType dtype_;
    Linear input_layer_, out_layer_;
    std::vector<SwinBlock> blocks_;
    at::Tensor offset_perturbation_;  // [per_voxel, 3] fp32
};

}  // namespace generator

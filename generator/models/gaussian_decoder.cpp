#include "generator/models/gaussian_decoder.hpp"

#include "generator/models/config.hpp"
#include "generator/nn/position.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace generator {
namespace {

// Van der Corput's sequence: the digits of i in `base`, mirrored at the point.
double radical_inverse(std::int64_t i, std::int64_t base) {
    double value = 0, weight = 1.0 / double(base);
    for (; i > 0; i /= base, weight /= double(base)) value += weight * double(i % base);
    return value;
}

// Hammersley points of the unit cube, [n, 3] fp32: where a voxel's Gaussians start from.
at::Tensor hammersley(std::int64_t n) {
    auto points = at::empty({n, 3}, at::kFloat);
    auto rows = points.accessor<float, 2>();
    for (std::int64_t i = 0; i < n; ++i) {
        rows[i][0] = float(double(i) / double(n));
        rows[i][1] = float(radical_inverse(i, 2));
        rows[i][2] = float(radical_inverse(i, 3));
    }
    return points;
}

}  // namespace

GaussianDecoder::Config GaussianDecoder::Config::read(const Args& args) {
    args.expect("attn_mode", {"swin"});
    args.expect("pe_mode", {"ape"});
    Config c{};
    c.resolution = args.integer("resolution", 1, 1024);
    c.latent_channels = args.integer("latent_channels", 1, 1024);
    c.channels = args.integer("model_channels", 1, 8192);
    c.blocks = args.integer("num_blocks", 1, 256);
    c.heads = read_heads(args, c.channels);
    c.mlp_ratio = args.number_or("mlp_ratio", 4, 0.01, 64);
    c.window = args.integer_or("window_size", 8, 1, 1024);
    c.qk_norm = args.flag_or("qk_rms_norm", false);

    const auto rep = args.object("representation_config");
    rep.expect("scaling_activation", {"softplus"});
    c.per_voxel = rep.integer("num_gaussians", 1, 1024);
    c.perturb_offset = rep.flag_or("perturb_offset", true);
    c.voxel_size = rep.number("voxel_size", 1e-6, 1e6);
    c.kernel_size = rep.number("3d_filter_kernel_size", 0, 1);
    c.scaling_bias = rep.number("scaling_bias", 1e-9, 1e3);
    c.opacity_bias = rep.number("opacity_bias", 1e-9, 1 - 1e-9);
    const auto lr = rep.object("lr");
    c.lr_xyz = lr.number("_xyz", -1e6, 1e6);
    c.lr_colour = lr.number("_features_dc", -1e6, 1e6);
    c.lr_scaling = lr.number("_scaling", -1e6, 1e6);
    c.lr_rotation = lr.number("_rotation", -1e6, 1e6);
    c.lr_opacity = lr.number("_opacity", -1e6, 1e6);
    rep.expect_no_others({"2d_filter_kernel_size"});  // of the renderer, not of the splats
    args.expect_no_others(kHarmlessKeys);
    return c;
}

GaussianDecoder::GaussianDecoder(const Config& config, Bundle& bundle)
    : config_(config),
      dtype_(bundle.dtype()),
      input_layer_(Scope(bundle).in_fp32() / "input_layer", config.latent_channels,
                   config.channels),
      out_layer_(Scope(bundle).in_fp32() / "out_layer", config.channels, 14 * config.per_voxel) {
    const auto scope = Scope(bundle).in_fp32();
    for (std::int64_t i = 0; i < config.blocks; ++i) {
        blocks_.emplace_back(Scope(bundle) / "blocks" / i,
                             AttentionSize{config.channels, config.heads, config.qk_norm},
                             config.mlp_ratio);
    }
    if (scope.has("offset_perturbation")) {
        offset_perturbation_ = scope.take("offset_perturbation", {config.per_voxel, 3});
    } else {
        offset_perturbation_ = at::atanh((hammersley(config.per_voxel) * 2 - 1) / config.voxel_size)
                                   .to(scope.device());
    }
}

at::Tensor GaussianDecoder::features(const at::Tensor& latent, const SparseShape& shape) const {
    auto h = input_layer_(latent)
                 .add_(position_embedding(shape.coordinates(), config_.channels))
                 .to(dtype_);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        blocks_[i](h, shape.windows(config_.window, i % 2 == 0 ? 0 : config_.window / 2));
    }
    return out_layer_(layer_norm(h.to(at::kFloat), 1e-5));
}

GaussianTensors GaussianDecoder::gaussians(const at::Tensor& features,
                                           const SparseShape& shape) const {
    const auto& c = config_;
    const auto k = c.per_voxel;
    const double resolution = double(c.resolution);
    const auto parts = features.split_with_sizes({3 * k, 3 * k, 3 * k, 4 * k, k}, 1);
    const auto voxel = (shape.coordinates().to(at::kFloat) + 0.5)
                           .div_(resolution)
                           .unsqueeze(1);  // [N, 1, 3] in 0..1
    auto offset = parts[0].unflatten(1, {k, 3}) * c.lr_xyz;
    if (c.perturb_offset) offset += offset_perturbation_;
    const auto position = voxel + at::tanh(offset).div_(resolution).mul_(0.5).mul_(c.voxel_size);
    // Biases are given as activated values.
    const double scaling_bias = c.scaling_bias + std::log(-std::expm1(-c.scaling_bias));
    const double opacity_bias = std::log(c.opacity_bias / (1 - c.opacity_bias));
    const auto scale = at::softplus(parts[2].reshape({-1, 3}) * c.lr_scaling + scaling_bias);
    auto rotation = parts[3].reshape({-1, 4}) * c.lr_rotation;
    rotation.select(1, 0).add_(1);
    return {
        .position = position.flatten(0, 1) - 0.5,
        .colour = parts[1].reshape({-1, 3}) * c.lr_colour,
        .scale = (scale.square() + c.kernel_size * c.kernel_size).sqrt_(),
        .rotation = rotation,
        .opacity = at::sigmoid(parts[4].reshape({-1}) * c.lr_opacity + opacity_bias),
    };
}

}  // namespace generator

#include "generator/models/dinov2.hpp"

#include "generator/weights/refused.hpp"

#include <array>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-6;
constexpr std::array kImagenetMean{0.485F, 0.456F, 0.406F};
constexpr std::array kImagenetDeviation{0.229F, 0.224F, 0.225F};

at::Tensor colour(const std::array<float, 3>& rgb, at::Device device) {
    return at::tensor(at::ArrayRef<float>(rgb), at::kFloat).view({1, 3, 1, 1}).to(device);
}

}  // namespace

DinoV2::Config DinoV2::Config::read(const Args& args) {
    Config c{};
    c.picture_size = args.integer_or("img_size", 518, 1, 2048);
    c.patch_size = args.integer_or("patch_size", 14, 1, 256);
    c.channels = args.integer("embed_dim", 1, 8192);
    c.blocks = args.integer("depth", 1, 256);
    c.heads = args.integer("num_heads", 1, 256);
    c.mlp_ratio = args.number_or("mlp_ratio", 4, 0.01, 64);
    c.registers = args.integer_or("num_register_tokens", 4, 0, 256);
    if (c.picture_size < c.patch_size) args.refuse_key("patch_size", "is larger than the picture");
    if (c.channels % c.heads != 0) args.refuse_key("num_heads", "does not divide 'embed_dim'");
    return c;
}

DinoV2::Block::Block(const Scope& scope, const Config& config)
    : heads(config.heads),
      norm1(scope / "norm1", config.channels, kEps),
      qkv(scope / "attn" / "qkv", config.channels, 3 * config.channels),
      proj(scope / "attn" / "proj", config.channels, config.channels),
      ls1((scope / "ls1").take("gamma", {config.channels})),
      norm2(scope / "norm2", config.channels, kEps),
      fc1(scope / "mlp" / "fc1", config.channels,
          std::int64_t(double(config.channels) * config.mlp_ratio)),
      fc2(scope / "mlp" / "fc2", std::int64_t(double(config.channels) * config.mlp_ratio),
          config.channels),
      ls2((scope / "ls2").take("gamma", {config.channels})) {}

void DinoV2::Block::operator()(at::Tensor& x) const {
    const auto parts =
        qkv(norm1(x)).unflatten(-1, {3, heads, -1}).permute({2, 0, 3, 1, 4});  // [3, B, H, L, D]
    const auto attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
    x.addcmul_(ls1, proj(attended.transpose(1, 2).flatten(-2)));
    auto hidden = fc1(norm2(x));
    x.addcmul_(ls2, fc2(at::gelu_(hidden)));
}

DinoV2::DinoV2(const Config& config, Bundle& bundle)
    : device_(bundle.device()),
      dtype_(bundle.dtype()),
      patch_size_(config.patch_size),
      mean_(colour(kImagenetMean, device_)),
      deviation_(colour(kImagenetDeviation, device_)) {
    const Scope scope(bundle);
    const auto c = config.channels, side = config.picture_size / config.patch_size;
    patch_weight_ =
        (scope / "patch_embed" / "proj").take("weight", {c, 3, patch_size_, patch_size_});
    patch_bias_ = (scope / "patch_embed" / "proj").take("bias", {c});
    cls_token_ = scope.take("cls_token", {1, 1, c});
    pos_embed_ = scope.take("pos_embed", {1, 1 + side * side, c});
    if (config.registers > 0 || scope.has("register_tokens"))
        register_tokens_ = scope.take("register_tokens", {1, config.registers, c});
    for (std::int64_t i = 0; i < config.blocks; ++i)
        blocks_.emplace_back(scope / "blocks" / i, config);
    // Part of every file, of use in training and for other tasks alone.
    if (scope.has("mask_token")) scope.take("mask_token", {1, c});
    LayerNorm(scope / "norm", c, kEps);
}

at::Tensor DinoV2::features(const at::Tensor& bytes) const {
    auto picture = bytes.to(device_).permute({2, 0, 1}).unsqueeze(0).to(at::kFloat).div_(255);
    picture = picture.sub_(mean_).div_(deviation_).to(dtype_);
    const auto patches =
        at::conv2d(picture, patch_weight_, patch_bias_, {patch_size_, patch_size_});
    auto x = at::cat({cls_token_, patches.flatten(2).transpose(1, 2)}, 1).add_(pos_embed_);
    if (register_tokens_.defined()) {
        x = at::cat({x.narrow(1, 0, 1), register_tokens_, x.narrow(1, 1, x.size(1) - 1)}, 1);
    }
    for (const auto& block : blocks_) block(x);
    return x;
}

at::Tensor DinoV2::condition(const at::Tensor& features) const {
    return layer_norm(features.to(at::kFloat), 1e-5);
}

}  // namespace generator

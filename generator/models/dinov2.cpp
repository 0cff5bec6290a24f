#include "generator/models/dinov2.hpp"

#include "generator/kernels/attend.hpp"
#include "generator/weights/refused.hpp"

#include <array>
#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-6;
constexpr std::array kImagenetMean{0.485F, 0.456F, 0.406F};
constexpr std::array kImagenetDeviation{0.229F, 0.224F, 0.225F};

at::Tensor colour(const std::array<float, 3>& rgb, at::Device device) {
    return at::tensor(at::ArrayRef<float>(rgb), at::kFloat).view({1, 3, 1, 1}).to(device);
}

Linear queries_keys_values(const Scope& scope, const DinoV2::Config& config) {
    const auto c = config.channels;
    if (!config.hub) return Linear(scope / "attn" / "qkv", c, 3 * c);
    const auto three = scope / "attention" / "attention";
    return Linear({three / "query", three / "key", three / "value"}, c, c);
}

at::Tensor layer_scale(const Scope& scope, int number, const DinoV2::Config& config) {
    const auto digit = std::to_string(number);
    return config.hub ? (scope / ("layer_scale" + digit)).take("lambda1", {config.channels})
                      : (scope / ("ls" + digit)).take("gamma", {config.channels});
}

}  // namespace

DinoV2::Config DinoV2::Config::read(const Args& args) {
    Config c{};
    c.hub = args.has("hidden_size");
    if (c.hub) {
        args.expect("hidden_act", {"gelu"});
        args.expect("use_swiglu_ffn", false);
        args.expect("qkv_bias", true);
    }
    const char *size = c.hub ? "image_size" : "img_size",
               *heads = c.hub ? "num_attention_heads" : "num_heads";
    c.picture_size = args.integer_or(size, 518, 1, 2048);
    c.patch_size = args.integer_or("patch_size", 14, 1, 256);
    c.channels = args.integer(c.hub ? "hidden_size" : "embed_dim", 1, 8192);
    c.blocks = args.integer(c.hub ? "num_hidden_layers" : "depth", 1, 256);
    c.heads = args.integer(heads, 1, 256);
    c.mlp_ratio = args.number_or("mlp_ratio", 4, 0.01, 64);
    c.registers = args.integer_or("num_register_tokens", 4, 0, 256);
    if (c.picture_size < c.patch_size) args.refuse_key("patch_size", "is larger than the picture");
    if (c.channels % c.heads != 0) args.refuse_key(heads, "does not divide the width");
    return c;
}

DinoV2::Block::Block(const Scope& scope, const Config& config)
    : heads(config.heads),
      norm1(scope / "norm1", config.channels, kEps),
      qkv(queries_keys_values(scope, config)),
      proj(config.hub ? scope / "attention" / "output" / "dense" : scope / "attn" / "proj",
           config.channels, config.channels),
      ls1(layer_scale(scope, 1, config)),
      norm2(scope / "norm2", config.channels, kEps),
      fc1(scope / "mlp" / "fc1", config.channels,
          std::int64_t(double(config.channels) * config.mlp_ratio)),
      fc2(scope / "mlp" / "fc2", std::int64_t(double(config.channels) * config.mlp_ratio),
          config.channels),
      ls2(layer_scale(scope, 2, config)) {}

void DinoV2::Block::operator()(at::Tensor& x) const {
    const auto parts = qkv(norm1(x)).unflatten(-1, {3, heads, -1}).unbind(-3);  // [B, L, H, D]
    x.addcmul_(ls1, proj(attend(parts[0], parts[1], parts[2])));
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
    const bool hub = config.hub;
    const auto top = hub ? scope / "embeddings" : scope;
    const auto patches =
        hub ? top / "patch_embeddings" / "projection" : top / "patch_embed" / "proj";
    const auto c = config.channels, side = config.picture_size / config.patch_size;
    patch_weight_ = patches.take("weight", {c, 3, patch_size_, patch_size_});
    patch_bias_ = patches.take("bias", {c});
    cls_token_ = top.take("cls_token", {1, 1, c});
    pos_embed_ = top.take(hub ? "position_embeddings" : "pos_embed", {1, 1 + side * side, c});
    if (config.registers > 0 || top.has("register_tokens"))
        register_tokens_ = top.take("register_tokens", {1, config.registers, c});
    for (std::int64_t i = 0; i < config.blocks; ++i)
        blocks_.emplace_back(hub ? scope / "encoder" / "layer" / i : scope / "blocks" / i, config);
    // Part of every file, of use in training and for other tasks alone.
    if (top.has("mask_token")) top.take("mask_token", {1, c});
    LayerNorm(hub ? scope / "layernorm" : scope / "norm", c, kEps);
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

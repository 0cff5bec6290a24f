#include "generator/score/vit.hpp"

#include "generator/kernels/attend.hpp"

#include <array>
#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

struct Names {
    const char *patches, *token, *positions, *layers, *norm1, *norm2, *attention, *out;
    std::array<const char*, 3> qkv;
};
constexpr Names kDinov2{"patch_embeddings.projection",
                        "cls_token",
                        "position_embeddings",
                        "encoder.layer",
                        "norm1",
                        "norm2",
                        "attention",
                        "output.dense",
                        {"attention.query", "attention.key", "attention.value"}};
constexpr Names kClip{"patch_embedding", "class_embedding", "position_embedding.weight",
                      "encoder.layers",  "layer_norm1",     "layer_norm2",
                      "self_attn",       "out_proj",        {"q_proj", "k_proj", "v_proj"}};

constexpr double kQuick = 1.702;  // of quick GELU, x sigmoid(1.702 x)

const Names& names_of(VitNames names) { return names == VitNames::dinov2 ? kDinov2 : kClip; }

Linear queries_keys_values(const Scope& block, const VitSize& size) {
    const auto& names = names_of(size.names);
    const auto at = block / names.attention;
    return Linear({at / names.qkv[0], at / names.qkv[1], at / names.qkv[2]}, size.channels,
                  size.channels);
}

at::Tensor layer_scale(const Scope& block, const char* name, const VitSize& size) {
    if (size.names != VitNames::dinov2) return {};
    return (block / name).take("lambda1", {size.channels});
}

// Patches are apart, so that a product does for the convolution, whose plan a GPU would have to
// look for. x [B, 3, S, S] -> [B, P^2, 3 p^2].
at::Tensor patches_of(const at::Tensor& x, std::int64_t patch) {
    const auto side = x.size(2) / patch;
    return x.unflatten(3, {side, patch})
        .unflatten(2, {side, patch})  // [B, 3, P, p, P, p]
        .permute({0, 2, 4, 1, 3, 5})
        .flatten(3)
        .flatten(1, 2);
}

}  // namespace

VitSize VitSize::read(const Args& args, const Safetensors& file, VitNames which) {
    const bool dinov2 = which == VitNames::dinov2;
    const auto& names = names_of(which);
    const std::string top = dinov2 ? "" : "vision_model.";
    const std::string patches = top + "embeddings." + names.patches + ".weight";
    const std::string positions = top + "embeddings." + names.positions;
    const TensorSizes sizes(file);
    const auto kernel = sizes.shape(patches, 4);
    if (kernel[1] != 3 || kernel[2] != kernel[3])
        sizes.refuse_tensor(patches, "does not take square patches of three colours");
    const auto rows = sizes.shape(positions, dinov2 ? 3 : 2);
    VitSize size{};
    size.names = which;
    size.patch = kernel[2];
    size.picture = size.patch * sizes.patches_along(positions, rows[dinov2 ? 1 : 0]);
    size.channels = kernel[0];
    const std::string layers = top + names.layers + ".";
    size.blocks = sizes.count(layers);
    size.hidden = sizes.shape(layers + "0.mlp.fc1.weight", 2)[0];
    size.heads = args.integer("num_attention_heads", 1, 256);
    size.eps = args.number_or("layer_norm_eps", dinov2 ? 1e-6 : 1e-5, 1e-12, 1);
    if (dinov2) {
        args.expect("hidden_act", {"gelu"});
        args.expect("use_swiglu_ffn", false);
        args.expect("qkv_bias", true);
    } else {
        args.expect("hidden_act", {"gelu", "quick_gelu"});
        size.quick_gelu = !args.has("hidden_act") || args.text("hidden_act") == "quick_gelu";
    }
    if (size.channels % size.heads != 0)
        args.refuse_key("num_attention_heads",
                        "does not divide the width, " + std::to_string(size.channels));
    return size;
}

Vit::Block::Block(const Scope& scope, const VitSize& size)
    : heads(size.heads),
      quick_gelu(size.quick_gelu),
      norm1(scope / names_of(size.names).norm1, size.channels, size.eps),
      qkv(queries_keys_values(scope, size)),
      out(scope / names_of(size.names).attention / names_of(size.names).out, size.channels,
          size.channels),
      norm2(scope / names_of(size.names).norm2, size.channels, size.eps),
      fc1(scope / "mlp" / "fc1", size.channels, size.hidden),
      fc2(scope / "mlp" / "fc2", size.hidden, size.channels),
      scale1(layer_scale(scope, "layer_scale1", size)),
      scale2(layer_scale(scope, "layer_scale2", size)) {}

at::Tensor Vit::Block::operator()(const at::Tensor& x, const at::Tensor& normed,
                                  const LayerNorm* next) const {
    const auto parts = qkv(normed).unflatten(-1, {3, heads, -1}).unbind(-3);  // [B, T, H, D]
    const auto between = norm2.after_(x, {out(attend(parts[0], parts[1], parts[2])), scale1});
    auto wide = fc1(between);
    if (quick_gelu)
        at::silu_(wide.mul_(kQuick)).div_(kQuick);  // sigmoid by sigmoid's factor, in place
    else
        at::gelu_(wide);
    const auto y = fc2(wide);
    if (next) return next->after_(x, {y, scale2});
    scale2.defined() ? x.addcmul_(scale2, y) : x.add_(y);
    return {};
}

Vit::Vit(const VitSize& size, const Scope& scope) : patch_(size.patch), dtype_(scope.dtype()) {
    const bool dinov2 = size.names == VitNames::dinov2;
    const auto& names = names_of(size.names);
    const auto embeddings = scope / "embeddings";
    const auto patches = embeddings / names.patches;
    const auto c = size.channels, side = size.picture / size.patch, tokens = 1 + side * side;
    patch_weight_ = patches.take("weight", {c, 3, patch_, patch_});
    if (dinov2) {
        patch_bias_ = patches.take("bias", {c});
        class_token_ = embeddings.take(names.token, {1, 1, c});
        positions_ = embeddings.take(names.positions, {1, tokens, c});
    } else {
        class_token_ = embeddings.take(names.token, {c}).view({1, 1, c});
        positions_ = embeddings.take(names.positions, {tokens, c}).unsqueeze(0);
        first_norm_.emplace(scope / "pre_layrnorm", c, size.eps);  // so spelt
    }
    for (std::int64_t i = 0; i < size.blocks; ++i)
        blocks_.emplace_back(scope / names.layers / i, size);
}

at::Tensor Vit::operator()(const at::Tensor& picture, std::vector<at::Tensor>* outputs) const {
    const auto patches =
        at::linear(patches_of(picture.to(dtype_), patch_), patch_weight_.flatten(1), patch_bias_);
    auto x = at::cat({class_token_.expand({picture.size(0), -1, -1}), patches}, 1).add_(positions_);
    if (first_norm_) x = (*first_norm_)(x);
    auto normed = blocks_.front().norm1(x);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        const auto* next = i + 1 < blocks_.size() ? &blocks_[i + 1].norm1 : nullptr;
        normed = blocks_[i](x, normed, next);
        if (outputs) outputs->push_back(x.clone());
    }
    return x;
}

QualityNetwork::QualityNetwork(const VitSize& size, Bundle& bundle, Bundle& head)
    : vit_(size, Scope(bundle)),
      norm_(Scope(bundle).in_fp32() / "layernorm", size.channels, size.eps),
      head_(Scope(head).in_fp32() / "score_head", size.channels, 1) {}

at::Tensor QualityNetwork::token(const at::Tensor& x, std::vector<at::Tensor>* blocks) const {
    return norm_(vit_(x, blocks).select(1, 0).to(at::kFloat).contiguous());
}

at::Tensor QualityNetwork::logits(const at::Tensor& token) const { return head_(token).squeeze(1); }

std::int64_t PictureNetwork::projected(const Safetensors& file) {
    return TensorSizes(file).shape("visual_projection.weight", 2)[0];
}

PictureNetwork::PictureNetwork(const VitSize& size, std::int64_t features, Bundle& bundle)
    : vit_(size, Scope(bundle) / "vision_model"),
      norm_(Scope(bundle).in_fp32() / "vision_model" / "post_layernorm", size.channels, size.eps) {
    projection_ =
        (Scope(bundle).in_fp32() / "visual_projection").take("weight", {features, size.channels});
}

at::Tensor PictureNetwork::features(const at::Tensor& x, std::vector<at::Tensor>* blocks) const {
    const auto token = vit_(x, blocks).select(1, 0).to(at::kFloat).contiguous();
    return at::linear(norm_(token), projection_);
}

}  // namespace generator

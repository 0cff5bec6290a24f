#include "generator/models/clip_text.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-5;

}  // namespace

ClipText::Config ClipText::Config::read(const Args& args) {
    Config c{};
    c.vocabulary = args.integer_or("vocab_size", 49408, 1, 1 << 24);
    c.channels = args.integer("hidden_size", 1, 8192);
    c.hidden = args.integer_or("intermediate_size", 4 * c.channels, 1, 65536);
    c.blocks = args.integer("num_hidden_layers", 1, 256);
    c.heads = args.integer("num_attention_heads", 1, 256);
    c.length = args.integer_or("max_position_embeddings", 77, 2, 4096);
    args.expect("hidden_act", {"quick_gelu"});
    if (c.channels % c.heads != 0)
        args.refuse_key("num_attention_heads", "does not divide 'hidden_size'");
    return c;
}

ClipText::Block::Block(const Scope& scope, const Config& config)
    : heads(config.heads),
      layer_norm1(scope / "layer_norm1", config.channels, kEps),
      q_proj(scope / "self_attn" / "q_proj", config.channels, config.channels),
      k_proj(scope / "self_attn" / "k_proj", config.channels, config.channels),
      v_proj(scope / "self_attn" / "v_proj", config.channels, config.channels),
      out_proj(scope / "self_attn" / "out_proj", config.channels, config.channels),
      layer_norm2(scope / "layer_norm2", config.channels, kEps),
      fc1(scope / "mlp" / "fc1", config.channels, config.hidden),
      fc2(scope / "mlp" / "fc2", config.hidden, config.channels) {}

void ClipText::Block::operator()(at::Tensor& x) const {
    const auto normed = layer_norm1(x);
    const auto split = [&](const Linear& project) {
        return project(normed).unflatten(-1, {heads, -1}).transpose(1, 2);  // [B, H, L, D]
    };
    const auto attended =
        at::scaled_dot_product_attention(split(q_proj), split(k_proj), split(v_proj), {}, 0, true);
    x.add_(out_proj(attended.transpose(1, 2).flatten(-2)));
    const auto wide = fc1(layer_norm2(x));
    x.add_(fc2(wide * at::sigmoid(1.702 * wide)));  // "quick" GELU
}

ClipText::ClipText(const Config& config, Bundle& bundle)
    : device_(bundle.device()),
      final_layer_norm_(Scope(bundle) / "text_model" / "final_layer_norm", config.channels, kEps) {
    const auto scope = Scope(bundle) / "text_model";
    const auto embeddings = scope / "embeddings";
    token_embedding_ =
        (embeddings / "token_embedding").take("weight", {config.vocabulary, config.channels});
    position_embedding_ =
        (embeddings / "position_embedding").take("weight", {config.length, config.channels});
    for (std::int64_t i = 0; i < config.blocks; ++i)
        blocks_.emplace_back(scope / "encoder" / "layers" / i, config);
    // Published with its twin for pictures; the positions are 0, 1, 2 and so on.
    for (const char* other : {"text_model.embeddings.position_ids", "text_projection.",
                              "visual_projection.", "vision_model.", "logit_scale"})
        bundle.leave_out(other);
}

at::Tensor ClipText::condition(const at::Tensor& ids) const {
    auto x = at::embedding(token_embedding_, ids.to(device_))
                 .add_(position_embedding_.narrow(0, 0, ids.size(1)));
    for (const auto& block : blocks_) block(x);
    return final_layer_norm_(x);
}

}  // namespace generator

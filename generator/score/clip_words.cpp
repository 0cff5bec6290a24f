#include "generator/score/clip_words.hpp"

#include <algorithm>
#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-5;

}  // namespace

ClipWordsSize ClipWordsSize::read(const Args& args, const Safetensors& file) {
    const TensorSizes sizes(file);
    const std::string blocks = "transformer.resblocks.";
    ClipWordsSize size{};
    const auto table = sizes.shape("token_embedding.weight", 2);
    size.vocabulary = table[0];
    size.channels = table[1];
    size.length = sizes.shape("positional_embedding", 2)[0];
    size.blocks = sizes.count(blocks);
    size.hidden = sizes.shape(blocks + "0.mlp.c_fc.weight", 2)[0];
    size.embedding = sizes.shape("text_projection", 2)[1];
    const auto text = args.object("model_cfg").object("text_cfg");
    size.heads = text.integer("heads", 1, 256);
    if (size.channels % size.heads != 0)
        text.refuse_key("heads", "does not divide the width, " + std::to_string(size.channels));
    return size;
}

ClipWords::Block::Block(const Scope& scope, const ClipWordsSize& size)
    : heads(size.heads),
      ln_1(scope / "ln_1", size.channels, kEps),
      in_weight((scope / "attn").take("in_proj_weight", {3 * size.channels, size.channels})),
      in_bias((scope / "attn").take("in_proj_bias", {3 * size.channels})),
      out(scope / "attn" / "out_proj", size.channels, size.channels),
      ln_2(scope / "ln_2", size.channels, kEps),
      fc(scope / "mlp" / "c_fc", size.channels, size.hidden),
      proj(scope / "mlp" / "c_proj", size.hidden, size.channels) {}

void ClipWords::Block::operator()(at::Tensor& x) const {
    const auto parts = at::linear(ln_1(x), in_weight, in_bias)
                           .unflatten(-1, {3, heads, -1})
                           .permute({2, 0, 3, 1, 4})  // [3, B, H, L, D]
                           .unbind(0);
    const auto attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, 0,
                                                           /*is_causal=*/true);
    x.add_(out(attended.transpose(1, 2).flatten(-2)));
    auto wide = fc(ln_2(x));
    x.add_(proj(at::gelu_(wide)));
}

ClipWords::ClipWords(const ClipWordsSize& size, Bundle& bundle)
    : device_(bundle.device()),
      ln_final_(Scope(bundle).in_fp32() / "ln_final", size.channels, kEps) {
    const Scope scope(bundle);
    token_embedding_ = (scope / "token_embedding").take("weight", {size.vocabulary, size.channels});
    positional_embedding_ = scope.take("positional_embedding", {size.length, size.channels});
    for (std::int64_t i = 0; i < size.blocks; ++i)
        blocks_.emplace_back(scope / "transformer" / "resblocks" / i, size);
    text_projection_ = scope.in_fp32().take("text_projection", {size.channels, size.embedding});
}

at::Tensor ClipWords::features(const std::vector<std::int64_t>& ids,
                               std::vector<at::Tensor>* outputs) const {
    const auto end = std::max_element(ids.begin(), ids.end());
    const auto count = end - ids.begin() + 1;
    std::vector<std::int64_t> padded(ids.begin(), ids.begin() + count);
    // A GPU would look for a plan of attention for each number of words.
    if (!device_.is_cpu()) padded.resize(std::size_t(positional_embedding_.size(0)));
    const auto read =
        at::tensor(at::ArrayRef<std::int64_t>(padded), at::kLong).unsqueeze(0).to(device_);
    auto x = at::embedding(token_embedding_, read)
                 .add_(positional_embedding_.narrow(0, 0, read.size(1)));
    for (const auto& block : blocks_) {
        block(x);
        if (outputs) outputs->push_back(x.clone());
    }
    const auto last = x.select(1, count - 1).to(at::kFloat).contiguous();
    return at::mm(ln_final_(last), text_projection_);
}

}  // namespace generator

// Channels lie innermost throughout: norms and linear layers are over them, and the convolutions
// take such pictures as they are.
#include "generator/score/convnext.hpp"

#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-6;
constexpr std::int64_t kDown = 2;  // each stage's picture has half the side; odd sides lose a row

// [B, h, w, C] in and out.
at::Tensor convolved(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     std::int64_t stride, std::int64_t padding, std::int64_t groups) {
    return at::conv2d(x.permute({0, 3, 1, 2}), weight, bias, {stride, stride}, {padding, padding},
                      {1, 1}, groups)
        .permute({0, 2, 3, 1})
        .contiguous();
}

at::Tensor innermost(const at::Tensor& weight) {
    return weight.contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

ConvNextSize ConvNextSize::read(const Safetensors& file) {
    const TensorSizes sizes(file);
    const std::string trunk = "visual.trunk.";
    ConvNextSize size{};
    size.patch = sizes.shape(trunk + "stem.0.weight", 4)[2];
    const auto stages = sizes.count(trunk + "stages.");
    for (std::int64_t s = 0; s < stages; ++s) {
        const auto blocks = trunk + "stages." + std::to_string(s) + ".blocks.";
        const auto kernel = sizes.shape(blocks + "0.conv_dw.weight", 4);
        if (kernel[2] % 2 == 0)
            sizes.refuse_tensor(blocks + "0.conv_dw.weight", "has an even kernel");
        size.stages.push_back({sizes.count(blocks), kernel[0],
                               sizes.shape(blocks + "0.mlp.fc1.weight", 2)[0], kernel[2]});
    }
    const auto fc2 = sizes.shape("visual.head.mlp.fc2.weight", 2);
    size.embedding = fc2[0];
    size.head_hidden = fc2[1];
    return size;
}

ConvNext::Block::Block(const Scope& scope, const ConvNextSize::Stage& stage)
    : padding(stage.kernel / 2),
      weight(innermost(
          (scope / "conv_dw").take("weight", {stage.channels, 1, stage.kernel, stage.kernel}))),
      bias((scope / "conv_dw").take("bias", {stage.channels})),
      norm(scope / "norm", stage.channels, kEps),
      fc1(scope / "mlp" / "fc1", stage.channels, stage.hidden),
      fc2(scope / "mlp" / "fc2", stage.hidden, stage.channels),
      gamma(scope.take("gamma", {stage.channels})) {}

// The sum over the blocks stays in fp32, as at the validator, whose layers alone are fp16.
void ConvNext::Block::operator()(at::Tensor& x) const {
    auto wide =
        fc1(norm(convolved(x.to(weight.scalar_type()), weight, bias, 1, padding, x.size(3))));
    auto y = fc2(at::gelu_(wide));
    x.add_(y.mul_(gamma));
}

ConvNext::Stage::Stage(const Scope& scope, const ConvNextSize::Stage& size, std::int64_t in,
                       bool first) {
    if (!first) {
        const auto down = scope / "downsample";
        norm.emplace(down / 0, in, kEps);
        weight = innermost((down / 1).take("weight", {size.channels, in, kDown, kDown}));
        bias = (down / 1).take("bias", {size.channels});
    }
    for (std::int64_t i = 0; i < size.blocks; ++i) blocks.emplace_back(scope / "blocks" / i, size);
}

ConvNext::ConvNext(const ConvNextSize& size, Bundle& bundle)
    : dtype_(bundle.dtype()),
      patch_(size.patch),
      stem_norm_(Scope(bundle) / "visual.trunk.stem.1", size.stages.front().channels, kEps),
      norm_(Scope(bundle).in_fp32() / "visual.trunk.head.norm", size.stages.back().channels, kEps),
      fc1_(Scope(bundle).in_fp32() / "visual.head.mlp.fc1", size.stages.back().channels,
           size.head_hidden) {
    const Scope scope(bundle);
    const auto trunk = scope / "visual" / "trunk";
    auto channels = size.stages.front().channels;
    stem_weight_ = innermost((trunk / "stem" / 0).take("weight", {channels, 3, patch_, patch_}));
    stem_bias_ = (trunk / "stem" / 0).take("bias", {channels});
    for (std::size_t s = 0; s < size.stages.size(); ++s) {
        stages_.emplace_back(trunk / "stages" / std::int64_t(s), size.stages[s], channels, s == 0);
        channels = size.stages[s].channels;
    }
    fc2_ = (scope.in_fp32() / "visual.head.mlp.fc2")
               .take("weight", {size.embedding, size.head_hidden});
}

at::Tensor ConvNext::features(const at::Tensor& picture, std::vector<at::Tensor>* outputs) const {
    const auto colours_innermost = picture.to(dtype_).permute({0, 2, 3, 1}).contiguous();
    auto x = stem_norm_(convolved(colours_innermost, stem_weight_, stem_bias_, patch_, 0, 1))
                 .to(at::kFloat);
    for (const auto& stage : stages_) {
        if (stage.norm)
            x = convolved((*stage.norm)(x.to(dtype_)), stage.weight, stage.bias, kDown, 0, 1)
                    .to(at::kFloat);
        for (const auto& block : stage.blocks) block(x);
        if (outputs) outputs->push_back(x.permute({0, 3, 1, 2}).clone());
    }
    auto hidden = fc1_(norm_(x.mean({1, 2})));
    return at::linear(at::gelu_(hidden), fc2_);
}

}  // namespace generator

#include "generator/models/structure_decoder.hpp"

#include "generator/models/config.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-5;

// Channels lie last in memory throughout (channels-last), so that a norm over them reads rows; seen
// as [1, C, X, Y, Z].
at::Tensor norm_silu(const LayerNorm& norm, const at::Tensor& x) {
    return norm.silu(x.permute({0, 2, 3, 4, 1})).permute({0, 4, 1, 2, 3});
}

}  // namespace

StructureDecoder::Config StructureDecoder::Config::read(const Args& args) {
    args.expect("norm_type", {"layer"});
    Config c{};
    if (args.integer_or("out_channels", 1, 1, 1024) != 1)
        args.refuse_key("out_channels", "is not 1");
    c.latent_channels = args.integer("latent_channels", 1, 1024);
    c.blocks = args.integer("num_res_blocks", 0, 64);
    c.middle_blocks = args.integer_or("num_res_blocks_middle", 2, 0, 64);
    c.channels = args.integers("channels", 6, 1, 8192);
    if (c.channels.empty()) args.refuse_key("channels", "is empty");
    args.expect_no_others(kHarmlessKeys);
    return c;
}

StructureDecoder::ResBlock::ResBlock(const Scope& scope, std::int64_t channels)
    : norm1(scope / "norm1", channels, kEps),
      norm2(scope / "norm2", channels, kEps),
      conv1(scope / "conv1", channels, channels),
      conv2(scope / "conv2", channels, channels) {}

at::Tensor StructureDecoder::ResBlock::operator()(const at::Tensor& x) const {
    return conv2(norm_silu(norm2, conv1(norm_silu(norm1, x)))).add_(x);
}

StructureDecoder::Upsample::Upsample(const Scope& scope, std::int64_t in, std::int64_t out)
    : conv(scope / "conv", in, 8 * out) {}

at::Tensor StructureDecoder::Upsample::operator()(const at::Tensor& x) const {
    const auto y = conv(x);
    const auto c = y.size(1) / 8, r = y.size(2);
    // [1, c, i, j, k, X, Y, Z] -> [1, X, i, Y, j, Z, k, c]
    const auto cells = y.unflatten(1, {c, 2, 2, 2}).permute({0, 5, 2, 6, 3, 7, 4, 1});
    return cells.reshape({1, 2 * r, 2 * r, 2 * r, c}).permute({0, 4, 1, 2, 3});
}

StructureDecoder::StructureDecoder(const Config& config, Bundle& bundle)
    : dtype_(bundle.dtype()),
      input_layer_(Scope(bundle).in_fp32() / "input_layer", config.latent_channels,
                   config.channels.front()),
      out_norm_(Scope(bundle).in_fp32() / "out_layer" / 0, config.channels.back(), kEps),
      out_conv_(Scope(bundle).in_fp32() / "out_layer" / 2, config.channels.back(), 1) {
    const Scope scope(bundle);
    for (std::int64_t i = 0; i < config.middle_blocks; ++i) {
        middle_block_.emplace_back(scope / "middle_block" / i, config.channels.front());
    }
    std::int64_t index = 0;
    for (std::size_t level = 0; level < config.channels.size(); ++level) {
        for (std::int64_t i = 0; i < config.blocks; ++i) {
            blocks_.emplace_back(ResBlock(scope / "blocks" / index++, config.channels[level]));
        }
        if (level + 1 < config.channels.size()) {
            blocks_.emplace_back(Upsample(scope / "blocks" / index++, config.channels[level],
                                          config.channels[level + 1]));
        }
    }
}

at::Tensor StructureDecoder::logits(const at::Tensor& latent) const {
    auto h = input_layer_(latent.contiguous(at::MemoryFormat::ChannelsLast3d)).to(dtype_);
    for (const auto& block : middle_block_) h = block(h);
    for (const auto& block : blocks_) {
        h = std::visit([&](const auto& layer) { return layer(h); }, block);
    }
    return out_conv_(norm_silu(out_norm_, h.to(at::kFloat)));
}

std::vector<Voxel> active_voxels(const at::Tensor& logits) {
    const auto found = at::nonzero(logits.select(0, 0).select(0, 0) > 0).to(at::kCPU).contiguous();
    const auto rows = found.accessor<std::int64_t, 2>();
    std::vector<Voxel> voxels;
    voxels.reserve(std::size_t(found.size(0)));
    for (std::int64_t i = 0; i < found.size(0); ++i) {
        voxels.push_back(
            {std::int32_t(rows[i][0]), std::int32_t(rows[i][1]), std::int32_t(rows[i][2])});
    }
    return voxels;
}

}  // namespace generator

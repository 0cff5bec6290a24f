#include "generator/models/structure_flow.hpp"

#include "generator/models/config.hpp"

#include <ATen/ATen.h>

namespace generator {

StructureFlow::Config StructureFlow::Config::read(const Args& args) {
    Config c{};
    c.resolution = args.integer("resolution", 1, 128);
    c.channels = args.integer("in_channels", 1, 1024);
    if (args.integer("out_channels", 1, 1024) != c.channels)
        args.refuse_key("out_channels", "differs from 'in_channels'");
    c.patch_size = args.integer_or("patch_size", 1, 1, c.resolution);
    if (c.resolution % c.patch_size != 0)
        args.refuse_key("patch_size", "does not divide 'resolution'");
    c.blocks = args.integer("num_blocks", 1, 256);
    c.block = read_dit_block(args);
    args.expect_no_others(kHarmlessKeys);
    return c;
}

StructureFlow::StructureFlow(const Config& config, Bundle& bundle)
    : config_(config),
      stack_(Scope(bundle), config.block, config.blocks),
      input_layer_(Scope(bundle).in_fp32() / "input_layer",
                   config.channels * config.patch_size * config.patch_size * config.patch_size,
                   config.block.channels),
      out_layer_(Scope(bundle).in_fp32() / "out_layer", config.block.channels,
                 config.channels * config.patch_size * config.patch_size * config.patch_size) {
    const auto scope = Scope(bundle).in_fp32();
    const auto side = config.resolution / config.patch_size, channels = config.block.channels;
    // A buffer of the published files: what was saved rounded was also used rounded.
    pos_emb_ = scope.has("pos_emb")
                   ? scope.take("pos_emb", {side * side * side, channels})
                   : position_embedding(grid_coordinates(side, scope.device()), channels);
}

at::Tensor StructureFlow::velocity(const at::Tensor& x, const Plan& plan, std::size_t step,
                                   std::size_t branches) const {
    const auto c = config_.channels, r = config_.resolution, p = config_.patch_size, g = r / p;
    const auto patches = x.reshape({1, c, g, p, g, p, g, p}).permute({0, 2, 4, 6, 1, 3, 5, 7});
    auto h = input_layer_(patches.reshape({1, g * g * g, c * p * p * p})).add_(pos_emb_);
    h = stack_(std::move(h), plan, step, branches);
    h = out_layer_(layer_norm(h.to(at::kFloat), 1e-5));
    return h.reshape({-1, g, g, g, c, p, p, p})
        .permute({0, 4, 1, 5, 2, 6, 3, 7})
        .reshape({-1, c, r, r, r});
}

}  // namespace generator

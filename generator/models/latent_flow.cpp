#include "generator/models/latent_flow.hpp"

#include "generator/kernels/norm_silu.hpp"
#include "generator/models/config.hpp"

#include <string>
#include <utility>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kEps = 1e-6;

std::int64_t outermost(const LatentFlow::Config& config) {
    return config.io_channels.empty() ? config.block.channels : config.io_channels.front();
}

}  // namespace

LatentFlow::Config LatentFlow::Config::read(const Args& args) {
    args.expect("use_skip_connection", true);
    Config c{};
    c.channels = args.integer("in_channels", 1, 1024);
    if (args.integer("out_channels", 1, 1024) != c.channels)
        args.refuse_key("out_channels", "differs from 'in_channels'");
    c.blocks = args.integer("num_blocks", 1, 256);
    c.res_blocks = args.integer_or("num_io_res_blocks", 2, 1, 64);
    if (args.has("io_block_channels"))
        c.io_channels = args.integers("io_block_channels", 6, 1, 8192);
    // The patch is what the levels of the input blocks come to; said twice, it must agree.
    if (const auto side = std::int64_t(1) << c.io_channels.size();
        args.integer_or("patch_size", side, 1, 1024) != side)
        args.refuse_key("patch_size",
                        "is not " + std::to_string(side) + ", as 'io_block_channels' has it");
    c.block = read_dit_block(args);
    c.block.lengths = Lengths::varying;  // as many tokens as the object has
    args.has("resolution");              // the voxels themselves tell it
    args.expect_no_others(kHarmlessKeys);
    return c;
}

LatentFlow::ResBlock::ResBlock(const Scope& scope, std::int64_t in, std::int64_t embedding,
                               std::int64_t out, Move move)
    : move_(move),
      norm1_(scope / "norm1", in, kEps),
      conv1_(scope / "conv1", in, out),
      conv2_(scope / "conv2", out, out),
      emb_layers_(scope / "emb_layers" / 1, embedding, 2 * out) {
    if (in != out) skip_connection_.emplace(scope / "skip_connection", in, out);
}

std::vector<LatentFlow::Plan::Modulation> LatentFlow::ResBlock::modulations(
    const at::Tensor& time_embeddings) const {
    auto all = emb_layers_(at::silu(time_embeddings)).unflatten(1, {2, -1});  // [S, 2, C]
    all.select(1, 0).add_(1);
    std::vector<Plan::Modulation> result;
    for (const auto& one : all.unbind(0)) result.push_back({one[0], one[1]});
    return result;
}

at::Tensor LatentFlow::ResBlock::operator()(at::Tensor x, const Plan::Modulation& modulation,
                                            const SparseShape& shape) const {
    if (move_ == Move::down) x = pool(x, shape);
    const auto& here = move_ == Move::down ? shape.half() : shape;
    auto h = norm1_.silu(x);
    // Norm, activation and skip act on each voxel by itself: done before unpooling, on an eighth of
    // the rows at best.
    h = move_ == Move::up ? conv1_.of_unpooled(h, here) : conv1_(h, here);
    h = conv2_(norm_silu(h, modulation.scale, modulation.shift, kEps), here);
    const auto skip = skip_connection_ ? (*skip_connection_)(x) : x;
    return h.add_(move_ == Move::up ? unpool(skip, here) : skip);
}

LatentFlow::LatentFlow(const Config& config, Bundle& bundle)
    : levels_(config.io_channels.size()),
      stack_(Scope(bundle), config.block, config.blocks),
      input_layer_(Scope(bundle).in_fp32() / "input_layer", config.channels, outermost(config)),
      out_layer_(Scope(bundle).in_fp32() / "out_layer", outermost(config), config.channels),
      dtype_(bundle.dtype()),
      model_channels_(config.block.channels) {
    const auto ins = Scope(bundle) / "input_blocks", outs = Scope(bundle) / "out_blocks";
    auto channels = config.io_channels;
    channels.push_back(model_channels_);
    for (std::size_t level = 0; level < levels_; ++level) {
        for (std::int64_t i = 0; i < config.res_blocks; ++i) {
            const bool last = i + 1 == config.res_blocks;
            input_blocks_.emplace_back(ins / std::int64_t(input_blocks_.size()), channels[level],
                                       model_channels_, channels[last ? level + 1 : level],
                                       last ? Move::down : Move::none);
        }
    }
    for (std::size_t level = levels_; level-- > 0;) {
        for (std::int64_t i = 0; i < config.res_blocks; ++i) {
            out_blocks_.emplace_back(outs / std::int64_t(out_blocks_.size()),
                                     2 * channels[i == 0 ? level + 1 : level], model_channels_,
                                     channels[level], i == 0 ? Move::up : Move::none);
        }
    }
}

std::shared_ptr<const LatentFlow::Plan::Modulations> LatentFlow::modulations(
    const std::shared_ptr<const DitStack::Schedule>& schedule) const {
    if (last_modulations_ && last_modulations_->schedule == schedule) return last_modulations_;
    auto made = std::make_shared<Plan::Modulations>();
    made->schedule = schedule;
    for (const auto& block : input_blocks_)
        made->input_blocks.push_back(block.modulations(schedule->time_embeddings));
    for (const auto& block : out_blocks_)
        made->out_blocks.push_back(block.modulations(schedule->time_embeddings));
    return last_modulations_ = std::move(made);
}

LatentFlow::Plan LatentFlow::plan(const SparseShape& shape, const std::vector<double>& times,
                                  const std::vector<at::Tensor>& conditions) const {
    const auto* coarsest = &shape;
    for (std::size_t level = 0; level < levels_; ++level) coarsest = &coarsest->half();
    Plan plan{stack_.plan(times, conditions, coarsest->size()), {}, &shape, {}};
    plan.modulations = modulations(plan.stack.schedule);
    plan.pos_emb = position_embedding(coarsest->coordinates(), model_channels_);
    return plan;
}

at::Tensor LatentFlow::velocity(const at::Tensor& x, const Plan& plan, std::size_t step,
                                std::size_t branches) const {
    auto h = input_layer_(x.unsqueeze(0)).to(dtype_);
    std::vector<const SparseShape*> shapes{plan.shape};
    std::vector<at::Tensor> skips;
    for (std::size_t i = 0; i < input_blocks_.size(); ++i) {
        h = input_blocks_[i](std::move(h), plan.modulations->input_blocks[i][step], *shapes.back());
        if (input_blocks_[i].move() == Move::down) shapes.push_back(&shapes.back()->half());
        skips.push_back(h);
    }
    h = stack_(h + plan.pos_emb.to(h.scalar_type()), plan.stack, step, branches);
    for (std::size_t i = 0; i < out_blocks_.size(); ++i) {
        const auto skip = skips[skips.size() - 1 - i].expand({h.size(0), -1, -1});
        if (out_blocks_[i].move() == Move::up) shapes.pop_back();
        h = out_blocks_[i](at::cat({h, skip}, 2), plan.modulations->out_blocks[i][step],
                           *shapes.back());
    }
    return out_layer_(layer_norm(h.to(at::kFloat), 1e-5));
}

}  // namespace generator

// Stage 2: velocity of the flow on the structured latent, one vector a voxel (TRELLIS, arXiv
// 2412.01506, SLatFlow). Sparse residual blocks lead down to a coarser shape, a transformer works
// there, mirrored blocks lead up again.
#pragma once

#include "generator/nn/dit_stack.hpp"
#include "generator/nn/sparse_conv.hpp"
#include "generator/nn/sparse_shape.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class LatentFlow {
public:
    struct Config {
        std::int64_t channels;  // of the latent, in and out
        std::int64_t blocks;
        std::int64_t res_blocks;                // at each resolution
        std::vector<std::int64_t> io_channels;  // at each resolution, fine to coarse
        BlockSize block;

        static Config read(const Args& args);
    };

    // What stays for a generation; the shape must outlive it.
    struct Plan {
        struct Modulation {
            at::Tensor scale, shift;  // [C]; scale is the whole factor
        };
        // Of each block outside of the stack, at each step of a schedule.
        struct Modulations {
            std::shared_ptr<const DitStack::Schedule> schedule;
            std::vector<std::vector<Modulation>> input_blocks, out_blocks;
        };
        DitStack::Plan stack;
        std::shared_ptr<const Modulations> modulations;
        const SparseShape* shape = nullptr;
        at::Tensor pos_emb;  // [coarse voxels, C] fp32
    };

    LatentFlow(const Config& config, Bundle& bundle);

    Plan plan(const SparseShape& shape, const std::vector<double>& times,
              const std::vector<at::Tensor>& conditions) const;

    // Makes beforehand what the device needs for objects of any size, with conditions [1, L, C].
    void prepare(std::int64_t condition_tokens) const { stack_.prepare(condition_tokens); }

    // x [N, C] fp32 -> [branches, N, C] fp32.
    at::Tensor velocity(const at::Tensor& x, const Plan& plan, std::size_t step,
                        std::size_t branches) const;

private:
    enum class Move { none, down, up };

    class ResBlock {
    public:
        ResBlock(const Scope& scope, std::int64_t in, std::int64_t embedding, std::int64_t out,
                 Move move);

        Move move() const { return move_; }
        std::vector<Plan::Modulation> modulations(const at::Tensor& time_embeddings) const;

        // x [B, N or M, in] -> [B, M or N, out]; `shape` is the finer one where the block moves.
        at::Tensor operator()(at::Tensor x, const Plan::Modulation& modulation,
                              const SparseShape& shape) const;

    private:
        Move move_;
        LayerNorm norm1_;
        SparseConv conv1_, conv2_;
        Linear emb_layers_;
        std::optional<Linear> skip_connection_;
    };

    std::shared_ptr<const Plan::Modulations> modulations(
        const std::shared_ptr<const DitStack::Schedule>& schedule) const;

    std::size_t levels_;
    DitStack stack_;
    Linear input_layer_, out_layer_;
    std::vector<ResBlock> input_blocks_, out_blocks_;
    at::ScalarType dtype_;
    std::int64_t model_channels_;
    mutable std::shared_ptr<const Plan::Modulations> last_modulations_;  // as the stack's schedule
};

}  // namespace generator

// Stage 1: velocity of the flow on the dense latent of the structure (TRELLIS, arXiv 2412.01506,
// SparseStructureFlow).
#pragma once

#include "generator/nn/dit_stack.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class StructureFlow {
public:
    struct Config {
        std::int64_t resolution;
        std::int64_t channels;  // of the latent, in and out
        std::int64_t
            patch_size;  // divides resolution; a token is a cube of so many cells along an edge
        std::int64_t blocks;
        BlockSize block;

        static Config read(const Args& args);
    };
    using Plan = DitStack::Plan;

    StructureFlow(const Config& config, Bundle& bundle);

    Plan plan(const std::vector<double>& times, const std::vector<at::Tensor>& conditions) const {
        return stack_.plan(times, conditions, pos_emb_.size(0));
    }

    // x [1, C, R, R, R] fp32 -> [branches, C, R, R, R] fp32.
    at::Tensor velocity(const at::Tensor& x, const Plan& plan, std::size_t step,
                        std::size_t branches) const;

private:
    Config config_;
    DitStack stack_;
    Linear input_layer_, out_layer_;
    at::Tensor pos_emb_;  // [T, C] fp32
};

}  // namespace generator

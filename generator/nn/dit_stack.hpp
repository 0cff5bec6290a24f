// The transformer that both flows have in common: time embedding and blocks. What depends on the
// schedule and the condition alone is computed once a generation (the plan), not at every step.
#pragma once

#include "generator/nn/block.hpp"
#include "generator/nn/position.hpp"

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class DitStack {
public:
    struct Plan {
        at::Tensor time_embeddings;                             // [S, C] fp32
        std::vector<std::vector<BlockModulation>> modulations;  // of each block, at each step
        // Of each block, for each branch.
        std::vector<std::vector<CrossAttention::Memory>> memories;
    };

    // Members at `scope` itself: t_embedder, blocks.
    DitStack(const Scope& scope, const BlockSize& size, std::int64_t blocks);

    // times of all steps in 1..0; for each branch (with condition, without) a condition [1, L,
    // channels], undefined for zeros.
    Plan plan(const std::vector<double>& times, const std::vector<at::Tensor>& conditions) const;

    // x [1, T, C], used up -> [branches, T, C], for the first `branches` of the plan.
    at::Tensor operator()(at::Tensor x, const Plan& plan, std::size_t step,
                          std::size_t branches) const;

private:
    at::Device device_;
    at::ScalarType dtype_;
    TimestepEmbedder t_embedder_;
    std::vector<DitBlock> blocks_;
};

}  // namespace generator

// The transformer that both flows have in common: time embedding and blocks. What depends on the
// schedule and the condition alone is computed once a generation (the plan), not at every step.
#pragma once

#include "generator/nn/block.hpp"
#include "generator/nn/position.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

namespace generator {

class DitStack {
public:
    // What the times of the steps come to.
    struct Schedule {
        at::Tensor time_embeddings;                             // [S, C] fp32
        std::vector<std::vector<BlockModulation>> modulations;  // of each block, at each step
    };

    struct Plan {
        std::shared_ptr<const Schedule> schedule;
        // Of each block, for each branch.
        std::vector<std::vector<CrossAttention::Memory>> memories;
        PaddedSequence tokens;
    };

    // Members at `scope` itself: t_embedder, blocks.
    DitStack(const Scope& scope, const BlockSize& size, std::int64_t blocks);

    // times of all steps in 1..0; for each branch (with condition, without) a condition [1, L,
    // channels], undefined for zeros; tokens: of the sequence.
    Plan plan(const std::vector<double>& times, const std::vector<at::Tensor>& conditions,
              std::int64_t tokens) const;

    // Makes beforehand what the device needs for sequences of any length, with conditions [1, L,
    // channels].
    void prepare(std::int64_t condition_tokens) const;

    // x [1, T, C], used up -> [branches, T, C], for the first `branches` of the plan.
    at::Tensor operator()(at::Tensor x, const Plan& plan, std::size_t step,
                          std::size_t branches) const;

private:
    std::shared_ptr<const Schedule> schedule(const std::vector<double>& times) const;
    PaddedSequence pad(std::int64_t tokens) const;

    at::Device device_;
    at::ScalarType dtype_;
    BlockSize size_;
    TimestepEmbedder t_embedder_;
    std::vector<DitBlock> blocks_;
    // Every generation has the same times: kept, as the GPU would wait for the host to go through
    // all blocks and steps. A network is one thread's.
    mutable std::vector<double> last_times_;
    mutable std::shared_ptr<const Schedule> last_schedule_;
};

}  // namespace generator

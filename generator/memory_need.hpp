// How much of a GPU's memory the networks need, known before they are loaded. Pure; torch-free.
#pragma once

#include "generator/gpu.hpp"

#include <cstdint>
#include <string>

namespace generator {

// Bytes. The weights are counted; the rest is a model of what was measured (ops/docs/gpu.md).
struct MemoryNeed {
    std::int64_t weights = 0;
    std::int64_t workspace = 0;  // of the stage that takes most
    std::int64_t overhead = 0;   // CUDA itself: once a process

    std::int64_t total() const { return weights + workspace + overhead; }
};

// Networks of two users of one GPU in one process.
MemoryNeed operator+(const MemoryNeed& a, const MemoryNeed& b);

// What a pipeline's workspace depends on: its latent flow, what that is conditioned on, and its
// Gaussian decoder.
struct FlowSize {
    std::int64_t blocks = 0;
    std::int64_t channels = 0;
    std::int64_t condition_tokens = 0;
    std::int64_t decoder_channels = 0;
    // Of the latent flow's outermost blocks, which work on voxels; 0: none, a voxel is a token.
    std::int64_t outer_channels = 0;
    bool words = false;  // the condition is a prompt
};

// weights: bytes on the GPU, `bytes_each` a number: 2 or 4. For objects of up to 27,000 voxels,
// which the warm-up tries. Stage 2 takes most: keys and values of the condition for each block and
// both branches of guidance,
//   2 * blocks * condition_tokens * 2 * channels * bytes_each,
// what the libraries keep, and of each voxel what is largest in both branches: the neighbours of
// the convolution over the outermost blocks' own channels and those that come across,
//   2 * 27 * 2 * outer_channels * bytes_each,
// or, without such blocks, a token's hidden layer with what stands beside it. Against measured
// peaks (H200): image-large +0.2 % in 16 bits, +0.6 % in fp32. Models of words take 0.15 to 0.2 GB
// more than this, which is added as measured; with it they are within 3 %.
MemoryNeed model_need(std::int64_t weights, const FlowSize& flow, int bytes_each);

// Of the validator's networks: measured 0.54 GB beside their weights, in either type, as the views
// are what is large.
MemoryNeed scorer_need(std::int64_t weights);

// What is loaded onto one GPU.
struct Fit {
    MemoryNeed need;
    DeviceMemory memory;
    bool in_fp32 = false;    // the model
    MemoryNeed scorer = {};  // part of `need`: its networks are on the same GPU

    std::int64_t free() const { return memory.total_bytes - memory.used_bytes; }
    bool fits() const { return need.total() <= free(); }
    // Not even the model's weights have room, whatever the workspace: there is no use in trying.
    bool cannot_be() const { return need.weights - scorer.weights > free(); }
    // Nor if this process had the GPU to itself.
    bool never_can_be() const {
        return need.weights - scorer.weights + need.overhead > memory.total_bytes;
    }
};

std::string describe(const Fit& fit);   // "needs about 4.9 GiB of 23.1 GiB free"
std::string remedy_of(const Fit& fit);  // which settings help where it does not fit

}  // namespace generator

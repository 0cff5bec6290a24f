#include "generator/memory_need.hpp"

#include <algorithm>
#include <cstdio>

namespace generator {
namespace {

constexpr double kGib = double(1 << 30);

// The context, the libraries' kernels, and what torch's allocator keeps for later: an estimate, as
// cards differ.
constexpr std::int64_t kOverhead = 800 << 20;
// cuBLAS and cuBLASLt keep this for their sums.
constexpr std::int64_t kLibraries = 64 << 20;
constexpr std::int64_t kVoxels = 27'000;
// H200, 2026-11-29: a peak of 4,333,974,528 bytes for 27,000 voxels, and 6,219,264 more for 27,221:
// 28,141 a voxel in 16 bits, of which the neighbours of the convolution are all but these numbers.
constexpr std::int64_t kNumbersBeside = 247;
// A token with its norm, its hidden layer of four times the channels and what that becomes.
constexpr std::int64_t kWidthsOfToken = 7;
// What models of words take besides: H200, 2026-11-30, 152 to 210 MB for text-base and text-large
// in either type (text-xlarge 290 in fp16, 580 in fp32). Measured; not traced to what holds it.
constexpr std::int64_t kWords = 180 << 20;
// The same day: 1,899,213,312 bytes in fp16 and 3,262,695,424 in fp32, for 681,118,209 numbers.
constexpr std::int64_t kScorerWorkspace = 540'000'000;

std::string gib(std::int64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GiB", double(bytes) / kGib);
    return text;
}

}  // namespace

MemoryNeed operator+(const MemoryNeed& a, const MemoryNeed& b) {
    return {a.weights + b.weights, a.workspace + b.workspace, std::max(a.overhead, b.overhead)};
}

MemoryNeed model_need(std::int64_t weights, const FlowSize& flow, int bytes_each) {
    const auto condition = 2 * flow.blocks * flow.condition_tokens * 2 * flow.channels * bytes_each;
    const auto neighbours = 2 * 27 * 2 * flow.outer_channels;
    const auto token = flow.outer_channels > 0 ? 0 : 2 * kWidthsOfToken * flow.channels;
    const auto most =
        std::max({neighbours, token, kWidthsOfToken * flow.decoder_channels}) + kNumbersBeside;
    const auto words = flow.words ? kWords : 0;
    return {weights, condition + words + kLibraries + kVoxels * most * bytes_each, kOverhead};
}

MemoryNeed scorer_need(std::int64_t weights) { return {weights, kScorerWorkspace, kOverhead}; }

std::string describe(const Fit& fit) {
    auto words = "needs about " + gib(fit.need.total()) + " of " + gib(fit.free()) + " free";
    if (fit.scorer.total() > 0)
        words += ", " + gib(fit.scorer.weights + fit.scorer.workspace) + " of it for the scorer";
    return words;
}

std::string remedy_of(const Fit& fit) {
    std::string words;
    if (fit.in_fp32) words += "generator.dtype = fp16 or bf16 takes about half; ";
    if (fit.scorer.total() > 0)
        words += "score.device = cpu, another GPU, or no score.model leaves " +
                 gib(fit.scorer.weights + fit.scorer.workspace) + " more; ";
    return words +
           "end what else runs on this GPU (nvidia-smi names it), or take another with "
           "generator.device";
}

}  // namespace generator

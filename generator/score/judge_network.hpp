// The heads of the judge of the toy world, on frozen encoders' tokens: how well splats are made,
// how well they match what was asked for, and one number of both. Training: ops/nano/judge.py,
// whose forward pass this is. Throws Refused.
#pragma once

#include "generator/nn/linear.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace generator {

class JudgeNetwork {
public:
    struct Config {
        std::int64_t channels;       // of the picture encoder's tokens
        std::int64_t registers;      // of the picture encoder
        std::int64_t text_channels;  // of the text encoder's tokens
        std::int64_t queries;        // learnt ones, that gather tokens by attention
        std::int64_t width;          // of an embedding
        std::int64_t heads;          // parts of an embedding that are compared by themselves
        std::int64_t quality_width, match_width;  // of the hidden layers
        int step, side;                           // of the views: ViewPlan
        std::int64_t views() const { return (14 + step) / step; }

        static Config read(const Args& args);
    };

    JudgeNetwork(const Config& config, Bundle& bundle);

    // tokens [B, 1 + R + P, C] of the picture encoder's condition() -> [B, (4 + Q) C]: class token,
    // mean of the registers, mean and maximum of the patches, and what the queries gather.
    at::Tensor pool(const at::Tensor& tokens) const;

    // What was asked for, as an embedding [1, W]; of pool() [1, ...] or of the text encoder's
    // tokens [1, L, C].
    at::Tensor picture(const at::Tensor& pooled) const;
    at::Tensor words(const at::Tensor& tokens) const;

    struct Verdict {
        at::Tensor quality_of_view;  // [V], logits; their mean is the quality's logit
        at::Tensor cosine_of_view;   // [V], the mean over the heads
        at::Tensor match;            // [1], logit of the alignment
        at::Tensor total;            // [1], logit: a quality + b match + c
    };
    // pooled [V, ...] and frames [V, 5] (judge_input.hpp) of the views, in their order.
    Verdict judge(const at::Tensor& pooled, const at::Tensor& frames,
                  const at::Tensor& asked) const;

private:
    std::int64_t registers_, heads_;
    at::Tensor queries_;    // [Q, C]
    at::Tensor embedding_;  // [V, W], of a view's place
    Linear look_, frame_, view_, picture_, words1_, words2_;
    Linear quality1_, quality2_, match1_, match2_, total_;
};

}  // namespace generator

// Where a token is, and when: fixed embeddings of coordinates and of the flow's time.
#pragma once

#include "generator/nn/linear.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace generator {

// [T, 3] coordinates (any type) -> [T, channels] fp32: for each axis the sines, then the cosines of
// coordinate / 10000^(i / f), i < f = channels / 6; zeros fill up.
at::Tensor position_embedding(const at::Tensor& coordinates, std::int64_t channels);

// [side^3, 3] int64, z fastest.
at::Tensor grid_coordinates(std::int64_t side, at::Device device);

// Time of the flow, 0..1000: cosines and sines of 128 frequencies through two layers. In fp32
// always.
class TimestepEmbedder {
public:
    TimestepEmbedder(const Scope& scope, std::int64_t channels);

    at::Tensor operator()(const at::Tensor& times) const;  // [S] fp32 -> [S, C] fp32

private:
    Linear mlp0_, mlp2_;
};

}  // namespace generator

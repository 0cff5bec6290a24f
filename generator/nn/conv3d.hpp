// Dense 3x3x3 convolution, padded by one.
#pragma once

#include "generator/weights/bundle.hpp"

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace generator {

class Conv3d {
public:
    Conv3d(const Scope& scope, std::int64_t in, std::int64_t out);

    at::Tensor operator()(const at::Tensor& x)
        const;  // [B, in, X, Y, Z] -> [B, out, X, Y, Z], channels last in memory

private:
    at::Tensor weight_;  // [27 in, out] on a CPU, [out, in, 3, 3, 3] with channels last elsewhere
    at::Tensor bias_;    // [out]
};

}  // namespace generator

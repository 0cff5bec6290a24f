// y = x W^T + b.
#pragma once

#include "generator/weights/bundle.hpp"

#include <cstdint>
#include <initializer_list>

#include <ATen/core/Tensor.h>

namespace generator {

class Linear {
public:
    Linear(const Scope& scope, std::int64_t in, std::int64_t out);

    // Several layers of [in -> out] each as one, their outputs one after the other.
    Linear(std::initializer_list<Scope> parts, std::int64_t in, std::int64_t out);

    at::Tensor operator()(
        const at::Tensor& x) const;  // [..., in] -> [..., out], in the weights' type

    // gelu(the above), by the tanh formula (Hendrycks & Gimpel 2016, arXiv 1606.08415). On a GPU in
    // 16 bits the product's own epilogue does it, so that the wide result is written once.
    at::Tensor gelu(const at::Tensor& x) const;

    const at::Tensor& bias() const { return bias_; }

private:
    void lay_out();

    at::Tensor weight_;  // [out, in], or as pack_linear() makes it
    bool packed_ = false;
    at::Tensor bias_;  // [out]
};

}  // namespace generator

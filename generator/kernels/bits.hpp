// Tensors as the kernels that know no torch take them: pointers to float, or to the bits of bf16.
#pragma once

#include "generator/kernels/lanes.hpp"

#include <type_traits>

#include <ATen/core/Tensor.h>

namespace generator {

template <class T>
using ElementOf = std::conditional_t<std::is_same_v<T, lanes::Half>, at::BFloat16, T>;

// Null for what is undefined.
template <class T>
const T* bits(const at::Tensor& x) {
    return x.defined() ? reinterpret_cast<const T*>(x.const_data_ptr<ElementOf<T>>()) : nullptr;
}

template <class T>
T* mutable_bits(const at::Tensor& x) {
    return reinterpret_cast<T*>(x.mutable_data_ptr<ElementOf<T>>());
}

// Runs `work` with a number of the type that stands for x's elements; false where x is not on the
// CPU, or the processor lacks what kernels for its type are made of.
template <class Work>
bool run_on_bits(const at::Tensor& x, Work work) {
    if (!x.is_cpu()) return false;
    if (x.scalar_type() == at::kFloat && lanes::has_fp32()) return work(float()), true;
    if (x.scalar_type() == at::kBFloat16 && lanes::has_bf16()) return work(lanes::Half()), true;
    return false;
}

}  // namespace generator

#include "generator/sample/noise.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace generator {

Noise::Noise(std::uint64_t seed) : generator_(at::detail::createCPUGenerator(seed)) {}

at::Tensor Noise::draw(at::IntArrayRef shape) {
    return at::randn(shape, generator_, at::TensorOptions().dtype(at::kFloat));
}

Noise Noise::fork() const { return Noise(generator_.clone()); }

}  // namespace generator

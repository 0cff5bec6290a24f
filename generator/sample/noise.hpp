// The random numbers of one generation. PyTorch's: drawn on the CPU by one generator, structure
// first, latent after, so that a seed gives the voxels that the reference gives.
#pragma once

#include <cstdint>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace generator {

class Noise {
public:
    explicit Noise(std::uint64_t seed);  // as torch.manual_seed

    // Standard normal fp32 on the CPU, as torch.randn; goes on where the last call ended.
    at::Tensor draw(at::IntArrayRef shape);

    // Another one that goes on from here without moving this one.
    Noise fork() const;

private:
    explicit Noise(at::Generator generator) : generator_(std::move(generator)) {}

    at::Generator generator_;
};

}  // namespace generator

#include "generator/nn/position.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr std::int64_t kFrequencies = 128;

}  // namespace

at::Tensor position_embedding(const at::Tensor& coordinates, std::int64_t channels) {
    const auto per_axis = channels / 6;
    const auto options = coordinates.options().dtype(at::kFloat);
    const auto frequencies =
        at::pow(at::Scalar(10000), at::arange(per_axis, options) / per_axis).reciprocal_();
    const auto angles = coordinates.to(at::kFloat).unsqueeze(-1) * frequencies;
    const auto waves = at::cat({angles.sin(), angles.cos()}, -1).flatten(1);
    return at::constant_pad_nd(waves, {0, channels - waves.size(1)});
}

at::Tensor grid_coordinates(std::int64_t side, at::Device device) {
    const auto axis = at::arange(side, at::TensorOptions().dtype(at::kLong).device(device));
    return at::stack(at::meshgrid({axis, axis, axis}, "ij"), -1).reshape({-1, 3});
}

TimestepEmbedder::TimestepEmbedder(const Scope& scope, std::int64_t channels)
    : mlp0_(scope.in_fp32() / "mlp" / 0, 2 * kFrequencies, channels),
      mlp2_(scope.in_fp32() / "mlp" / 2, channels, channels) {}

at::Tensor TimestepEmbedder::operator()(const at::Tensor& times) const {
    // The order of operations is the reference's: at t = 1000 an ulp in a frequency is 1e-4 in the
    // angle.
    const auto exponent =
        at::arange(kFrequencies, times.options()) * -std::log(10000.0) / kFrequencies;
    const auto angles = times.unsqueeze(1) * exponent.exp();
    return mlp2_(at::silu(mlp0_(at::cat({angles.cos(), angles.sin()}, -1))));
}

}  // namespace generator

#include "generator/nn/conv3d.hpp"

#include "generator/kernels/conv3d.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast3d;

}  // namespace

Conv3d::Conv3d(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(scope.take("weight", {out, in, 3, 3, 3})), bias_(scope.take("bias", {out})) {
    if (weight_.is_cpu())
        weight_ = weight_.permute({2, 3, 4, 1, 0}).reshape({27 * in, out});
    else
        weight_ = weight_.contiguous(kLast);
}

at::Tensor Conv3d::operator()(const at::Tensor& x) const {
    const auto last = x.contiguous(kLast);
    if (x.is_cpu()) return conv3d(last, weight_, bias_);
    return at::conv3d(last, weight_, bias_, 1, 1).contiguous(kLast);
}

}  // namespace generator

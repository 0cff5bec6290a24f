#include "generator/nn/conv3d.hpp"

#include "generator/kernels/conv3d.hpp"

#include <ATen/ATen.h>

namespace generator {

Conv3d::Conv3d(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(scope.take("weight", {out, in, 3, 3, 3})
                  .permute({2, 3, 4, 1, 0})
                  .reshape({27 * in, out})),
      bias_(scope.take("bias", {out})) {}

at::Tensor Conv3d::operator()(const at::Tensor& x) const {
    return conv3d(x.contiguous(at::MemoryFormat::ChannelsLast3d), weight_, bias_);
}

}  // namespace generator

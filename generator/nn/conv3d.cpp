#include "generator/nn/conv3d.hpp"

#include <ATen/ATen.h>

namespace generator {

Conv3d::Conv3d(const Scope& scope, std::int64_t in, std::int64_t out)
    : weight_(
          scope.take("weight", {out, in, 3, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast3d)),
      bias_(scope.take("bias", {out})) {}

at::Tensor Conv3d::operator()(const at::Tensor& x) const {
    return at::conv3d(x, weight_, bias_, 1, 1).contiguous(at::MemoryFormat::ChannelsLast3d);
}

}  // namespace generator

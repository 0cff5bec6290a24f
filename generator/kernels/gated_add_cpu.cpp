#include "generator/kernels/gated_add.hpp"

#include "generator/kernels/gated_add_launch.hpp"

#include <ATen/ATen.h>

namespace generator {

void gated_add_(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& y) {
    TORCH_CHECK(x.is_contiguous() && y.is_contiguous() && gate.is_contiguous() &&
                    x.sizes() == y.sizes() && gate.dim() == 1 && x.dim() >= 1 &&
                    gate.size(0) == x.size(-1),
                "gated_add_: x and y must be [..., C] and gate [C], contiguous, got ", x.sizes(),
                ", ", y.sizes(), " and ", gate.sizes());
    TORCH_CHECK(x.scalar_type() == y.scalar_type() && x.scalar_type() == gate.scalar_type(),
                "gated_add_: x, y and gate must have one type");
    if (x.numel() == 0) return;
#ifdef MINER_CUDA
    if (x.is_cuda()) return launch_gated_add(x, gate, y);
#endif
    x.addcmul_(gate, y);
}

}  // namespace generator

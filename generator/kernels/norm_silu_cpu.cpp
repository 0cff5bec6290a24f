#include "generator/kernels/norm_silu.hpp"

#include "generator/kernels/norm_rows.hpp"
#include "generator/kernels/norm_silu_launch.hpp"

#include <ATen/ATen.h>

namespace generator {

at::Tensor norm_silu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                     double eps) {
    TORCH_CHECK(x.dim() >= 1 && scale.dim() == 1 && scale.size(0) == x.size(-1) &&
                    shift.sizes() == scale.sizes(),
                "norm_silu: x must be [..., C], scale and shift [C], got ", x.sizes(), ", ",
                scale.sizes(), " and ", shift.sizes());
    TORCH_CHECK(x.scalar_type() == scale.scalar_type() && x.scalar_type() == shift.scalar_type(),
                "norm_silu: x, scale and shift must have one type");
    if (x.is_cuda() && x.numel() > 0) {
        const auto rows = x.contiguous();
        auto result = at::empty_like(rows);
        if (launch_norm_silu(rows, scale.contiguous(), shift.contiguous(), eps, result))
            return result;
    }
    if (auto result = norm_rows(x, {scale, shift}, eps, Activation::silu); result.defined())
        return result;
    auto result = at::layer_norm(x, {x.size(-1)}, scale, shift, eps);
    return at::silu_(result);
}

}  // namespace generator

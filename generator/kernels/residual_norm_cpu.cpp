#include "generator/kernels/residual_norm.hpp"

#include "generator/kernels/norm_rows.hpp"
#include "generator/kernels/residual_norm_launch.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

void check(const at::Tensor& x, const Residual& residual, const Modulation& modulation,
           const at::Tensor& into) {
    TORCH_CHECK(x.dim() >= 1 && x.is_contiguous(),
                "residual_norm_: x must be [..., C] and "
                "contiguous, got ",
                x.sizes());
    const auto fits = [&x](const at::Tensor& t, bool whole) {
        return t.is_contiguous() && t.scalar_type() == x.scalar_type() &&
               t.device() == x.device() &&
               (whole ? t.sizes() == x.sizes() : t.dim() == 1 && t.size(0) == x.size(-1));
    };
    const auto& [y, gate] = residual;
    TORCH_CHECK(y.defined() && (fits(y, true) || fits(y, false)),
                "residual_norm_: y must be as x or [C]");
    TORCH_CHECK(!gate.defined() || fits(gate, false), "residual_norm_: gate must be [C]");
    TORCH_CHECK(modulation.scale.defined() == modulation.shift.defined() &&
                    (!modulation.scale.defined() ||
                     (fits(modulation.scale, false) && fits(modulation.shift, false))),
                "residual_norm_: scale and shift must both be [C], or neither be there");
    TORCH_CHECK(!into.defined() || fits(into, true), "residual_norm_: into must be as x");
}

}  // namespace

at::Tensor residual_norm_(const at::Tensor& x, const Residual& residual,
                          const Modulation& modulation, double eps, at::Tensor into) {
    check(x, residual, modulation, into);
    if (x.is_cuda()) {
        if (!into.defined()) into = at::empty_like(x);
        if (launch_residual_norm(x, residual, modulation, eps, into)) return into;
    }
    if (x.is_cpu()) {
        if (!into.defined()) into = at::empty_like(x);
        if (residual_norm_rows(x, residual, modulation, eps, into)) return into;
    }
    const auto& [y, gate] = residual;
    if (gate.defined())
        x.addcmul_(gate, y);
    else
        x.add_(y);
    const auto normed = at::layer_norm(x, {x.size(-1)}, modulation.scale, modulation.shift, eps);
    if (!into.defined()) return normed;
    return into.copy_(normed);
}

}  // namespace generator

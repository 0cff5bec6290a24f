// torch takes two passes over a norm and one each for what is added before it and bent after it,
// and in 16 bits makes vectors of 32 of it and back.
#include "generator/kernels/norm_rows.hpp"

#include "generator/kernels/bits.hpp"
#include "generator/kernels/parallel.hpp"
#include "generator/kernels/rows_tile.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr std::int64_t kAtOnce = 8192;  // below, a second thread costs more than it saves

bool fits(const at::Tensor& x) { return x.dim() > 0 && x.size(-1) > 0 && x.size(-1) % 16 == 0; }

bool fit(const Modulation& m, const at::Tensor& x) {
    const auto as_x = [&x](const at::Tensor& t) {
        return !t.defined() || (t.is_cpu() && t.is_contiguous() && t.dim() == 1 &&
                                t.size(0) == x.size(-1) && t.scalar_type() == x.scalar_type());
    };
    return m.scale.defined() == m.shift.defined() && as_x(m.scale) && as_x(m.shift);
}

template <class T>
rows::Norm<T> norm_of(const at::Tensor& x, const Modulation& m, double eps) {
    return {x.size(-1), bits<T>(m.scale), bits<T>(m.shift), float(eps)};
}

template <class Work>
void over_rows(const at::Tensor& x, Work work) {
    const auto width = x.size(-1);
    at::parallel_for(0, x.numel() / width, std::max<std::int64_t>(kAtOnce / width, 1), work);
}

}  // namespace

at::Tensor norm_rows(const at::Tensor& x, const Modulation& modulation, double eps,
                     Activation activation) {
    if (!fits(x) || !fit(modulation, x)) return {};
    at::Tensor result;
    run_on_bits(x, [&]<class T>(T) {
        const auto input = x.contiguous();
        result = at::empty_like(input);
        auto how = norm_of<T>(x, modulation, eps);
        how.silu = activation == Activation::silu;
        const auto* const from = bits<T>(input);
        auto* const to = mutable_bits<T>(result);
        over_rows(x, [&](std::int64_t begin, std::int64_t end) {
            rows::norm(from + begin * how.width, end - begin, how, to + begin * how.width);
        });
    });
    return result;
}

bool residual_norm_rows(const at::Tensor& x, const Residual& residual, const Modulation& modulation,
                        double eps, const at::Tensor& into) {
    if (!fits(x)) return false;
    return run_on_bits(x, [&]<class T>(T) {
        const auto how = norm_of<T>(x, modulation, eps);
        const auto& y = residual.y;
        const rows::Addend<T> all{bits<T>(y), y.dim() == x.dim() ? how.width : 0,
                                  bits<T>(residual.gate)};
        auto *const sums = mutable_bits<T>(x), *const to = mutable_bits<T>(into);
        over_rows(x, [&](std::int64_t begin, std::int64_t end) {
            rows::add_and_norm(sums + begin * how.width, end - begin,
                               {all.y + begin * all.stride, all.stride, all.gate}, how,
                               to + begin * how.width);
        });
    });
}

}  // namespace generator

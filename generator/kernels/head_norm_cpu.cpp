#include "generator/kernels/head_norm.hpp"

#include "generator/kernels/bits.hpp"
#include "generator/kernels/head_norm_launch.hpp"
#include "generator/kernels/parallel.hpp"
#include "generator/kernels/rows_tile.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

// Any device, in torch's own operations.
void head_norm_plain(const at::Tensor& x, const at::Tensor& gamma) {
    const auto wide = x.to(at::kFloat);  // x itself when it is fp32
    const auto length =
        at::linalg_vector_norm(wide, 2, at::IntArrayRef{-1}, true).clamp_min_(1e-12);
    if (wide.is_same(x)) {
        wide.div_(length).mul_(gamma);
    } else {
        x.copy_(wide.div(length).mul_(gamma));
    }
}

// Whether every token lies one same distance after the one before it.
bool evenly_spaced(const at::Tensor& x) {
    for (std::int64_t i = 0; i + 3 < x.dim(); ++i) {
        if (x.size(i) > 1 && x.stride(i) != x.stride(i + 1) * x.size(i + 1)) return false;
    }
    return x.stride(-1) == 1 && x.stride(-2) == x.size(-1);
}

constexpr std::int64_t kAtOnce = 8192;  // below, a second thread costs more than it saves

bool head_norm_rows(const at::Tensor& x, const at::Tensor& gamma) {
    const auto heads = x.size(-2), width = x.size(-1), token = heads * width;
    if (width % 16 != 0) return false;
    return run_on_bits(x, [&]<class T>(T) {
        auto* const values = mutable_bits<T>(x);
        const auto* const factors = gamma.const_data_ptr<float>();
        const auto stride = x.stride(-3);
        at::parallel_for(0, x.numel() / token, std::max<std::int64_t>(kAtOnce / token, 1),
                         [&](std::int64_t begin, std::int64_t end) {
                             for (auto i = begin; i < end; ++i)
                                 rows::norm_heads(values + i * stride, heads, width, factors);
                         });
    });
}

}  // namespace

void head_norm_(const at::Tensor& x, const at::Tensor& gamma) {
    TORCH_CHECK(x.dim() >= 3 && evenly_spaced(x),
                "head_norm_: x must be [..., H, D], heads contiguous and tokens evenly spaced");
    TORCH_CHECK(gamma.dim() == 2 && gamma.size(0) == x.size(-2) && gamma.size(1) == x.size(-1) &&
                    gamma.scalar_type() == at::kFloat && gamma.is_contiguous(),
                "head_norm_: gamma must be [H, D] fp32, contiguous, got ", gamma.sizes());
    if (x.numel() == 0) return;
    if (x.is_cuda()) return launch_head_norm(x, gamma);
    if (!head_norm_rows(x, gamma)) head_norm_plain(x, gamma);
}

}  // namespace generator

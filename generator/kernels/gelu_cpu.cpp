// The library calls a tanh that is exact to the last bit; here an exponential and a division do.
#include "generator/kernels/gelu.hpp"

#include "generator/kernels/gelu_tile.hpp"
#include "generator/kernels/parallel.hpp"
#include "generator/kernels/wide.hpp"

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr std::int64_t kAtOnce = 8192;  // below, a second thread costs more than it saves

template <class T, class Element>
void gelu_tiles(at::Tensor& x) {
    auto* const values = reinterpret_cast<T*>(x.mutable_data_ptr<Element>());
    at::parallel_for(0, x.numel() / 16, kAtOnce / 16, [&](std::int64_t begin, std::int64_t end) {
        gelu::apply(values + begin * 16, (end - begin) * 16);
    });
}

}  // namespace

void gelu_tanh_(at::Tensor& x) {
    if (x.is_cpu() && x.is_contiguous() && x.numel() % 16 == 0) {
        if (x.scalar_type() == at::kFloat && wide::has_fp32()) return gelu_tiles<float, float>(x);
        if (x.scalar_type() == at::kBFloat16 && wide::has_bf16())
            return gelu_tiles<wide::Half, at::BFloat16>(x);
    }
    at::gelu_(x, "tanh");
}

}  // namespace generator

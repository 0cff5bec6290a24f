// On a CPU the patches of a few rows at a time stay in a core's cache; all of them at once would be
// 27 times x. Chunks do not depend on the number of threads, so neither do the bits.
#include "generator/kernels/gather_matmul.hpp"

#include "generator/kernels/gather_matmul_launch.hpp"
#include "generator/kernels/gather_tile.hpp"
#include "generator/kernels/lanes.hpp"
#include "generator/kernels/parallel.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace generator {
namespace {

constexpr std::int64_t kPatchBytes = 512 << 10;  // half of a common second-level cache

// Any device, in torch's own operations.
at::Tensor gather_matmul_plain(const at::Tensor& x, const at::Tensor& table,
                               const at::Tensor& weight, const at::Tensor& bias) {
    const auto rows = at::constant_pad_nd(x, {0, 0, 0, 1});
    const auto patches = rows.index_select(1, table.flatten()).view({x.size(0), table.size(0), -1});
    return at::matmul(patches, weight).add_(bias);
}

void gather(const char* x, std::int64_t absent, std::size_t row_bytes, const std::int64_t* table,
            std::int64_t count, char* patches) {
    for (std::int64_t i = 0; i < count; ++i, patches += row_bytes) {
        if (table[i] == absent) {
            std::memset(patches, 0, row_bytes);
        } else {
            std::memcpy(patches, x + std::size_t(table[i]) * row_bytes, row_bytes);
        }
    }
}

at::Tensor gather_matmul_cpu(const at::Tensor& x, const at::Tensor& table, const at::Tensor& weight,
                             const at::Tensor& bias) {
    const auto batch = x.size(0), sources = x.size(1), rows = table.size(0), fan = table.size(1);
    const auto row_bytes = std::size_t(x.size(2) * x.element_size());
    auto y = at::empty({batch, rows, weight.size(1)}, x.options());
    const auto fitting = kPatchBytes / std::int64_t(row_bytes * std::size_t(fan));
    const auto chunk = std::min(rows, std::max<std::int64_t>(fitting, 16));
    const auto chunks = (rows + chunk - 1) / chunk;
    const auto* from = static_cast<const char*>(x.const_data_ptr());
    const auto* entries = table.const_data_ptr<std::int64_t>();
    at::parallel_for(0, batch * chunks, 1, [&](std::int64_t begin, std::int64_t end) {
        const c10::InferenceMode inference;  // of each thread
        const auto patches = at::empty({chunk, weight.size(0)}, x.options());
        for (std::int64_t i = begin; i < end; ++i) {
            const auto b = i / chunks, first = i % chunks * chunk,
                       count = std::min(chunk, rows - first);
            gather(from + std::size_t(b * sources) * row_bytes, sources, row_bytes,
                   entries + first * fan, count * fan,
                   static_cast<char*>(patches.mutable_data_ptr()));
            auto result = y.select(0, b).narrow(0, first, count);
            at::addmm_out(result, bias, patches.narrow(0, 0, count), weight);
        }
    });
    return y;
}

// bf16 goes by its bits.
template <class T, class Element>
at::Tensor gather_matmul_tiles(const at::Tensor& x, const at::Tensor& table,
                               const at::Tensor& weight, const at::Tensor& bias) {
    const gathering::Size size{table.size(1), x.size(2), weight.size(1)};
    const auto batch = x.size(0), sources = x.size(1), rows = table.size(0);
    const auto bits = [](const at::Tensor& tensor) {
        return reinterpret_cast<const T*>(tensor.const_data_ptr<Element>());
    };
    const auto matrix = weight.contiguous(), start = bias.contiguous(),
               zeros = at::zeros({size.in}, x.options());
    const auto packed = at::empty({weight.numel()}, x.options());
    auto* const to_packed = reinterpret_cast<T*>(packed.template mutable_data_ptr<Element>());
    const auto strip_at = [&](std::int64_t strip) {
        return to_packed + strip * gathering::kColumns * size.fan * size.in;
    };
    at::parallel_for(0, size.strips(), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) gathering::pack(bits(matrix), size, i, strip_at(i));
    });
    auto y = at::empty({batch, rows, size.out}, x.options());
    auto* const to = reinterpret_cast<T*>(y.template mutable_data_ptr<Element>());
    const auto* const entries = table.const_data_ptr<std::int64_t>();
    const auto parts = (rows + gathering::kRowsAtOnce - 1) / gathering::kRowsAtOnce;
    // A strip's weights stay in the cache for all rows.
    at::parallel_for(
        0, size.strips() * batch * parts, 1, [&](std::int64_t begin, std::int64_t end) {
            for (auto i = begin; i < end; ++i) {
                const auto strip = i / (batch * parts), b = i / parts % batch,
                           first = i % parts * gathering::kRowsAtOnce;
                gathering::multiply<T>(
                    {bits(x) + b * sources * size.in, sources, bits(zeros),
                     entries + first * size.fan},
                    std::min(gathering::kRowsAtOnce, rows - first), strip_at(strip), bits(start),
                    size, strip, gathering::Finish::plain, to + (b * rows + first) * size.out);
            }
        });
    return y;
}

at::Tensor gather_matmul_any_cpu(const at::Tensor& x, const at::Tensor& table,
                                 const at::Tensor& weight, const at::Tensor& bias) {
    if (x.size(2) % 2 == 0 && weight.size(1) % 32 == 0) {
        if (x.scalar_type() == at::kFloat && lanes::has_fp32())
            return gather_matmul_tiles<float, float>(x, table, weight, bias);
        if (x.scalar_type() == at::kBFloat16 && lanes::has_bf16())
            return gather_matmul_tiles<lanes::Half, at::BFloat16>(x, table, weight, bias);
    }
    return gather_matmul_cpu(x, table, weight, bias);
}

}  // namespace

at::Tensor gather_matmul(const at::Tensor& x, const at::Tensor& table, const at::Tensor& weight,
                         const at::Tensor& bias) {
    TORCH_CHECK(x.dim() == 3 && x.is_contiguous(),
                "gather_matmul: x must be [batch, rows, width], contiguous");
    TORCH_CHECK(table.dim() == 2 && table.is_contiguous() && table.scalar_type() == at::kLong,
                "gather_matmul: table must be [N, K] int64, contiguous");
    TORCH_CHECK(weight.dim() == 2 && weight.size(0) == table.size(1) * x.size(2),
                "gather_matmul: weight must be [K * width, out], got ", weight.sizes());
    if (table.size(0) == 0) return at::empty({x.size(0), 0, weight.size(1)}, x.options());
    if (x.is_cuda()) {
        auto patches = at::empty({x.size(0), table.size(0), weight.size(0)}, x.options());
        launch_gather_patches(x, table, patches);
        return at::addmm(bias, patches.flatten(0, 1), weight).unflatten(0, {x.size(0), -1});
    }
    return x.is_cpu() ? gather_matmul_any_cpu(x, table, weight, bias)
                      : gather_matmul_plain(x, table, weight, bias);
}

}  // namespace generator

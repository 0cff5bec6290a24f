#include "generator/kernels/gather_sum.hpp"

#include "generator/kernels/bits.hpp"
#include "generator/kernels/gather_sum_launch.hpp"
#include "generator/kernels/parallel.hpp"
#include "generator/kernels/rows_tile.hpp"

#include <vector>

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>

namespace generator {
namespace {

constexpr std::int64_t kRowsAtOnce = 64;

// Any device, in torch's own operations.
at::Tensor gather_sum_plain(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias) {
    const auto fan = table.size(1);
    const auto slices = at::constant_pad_nd(x, {0, 0, 0, 1}).unflatten(2, {fan, -1}).flatten(1, 2);
    const auto at_slice = (table * fan + at::arange(fan, table.options())).flatten();
    const auto gathered = slices.index_select(1, at_slice).unflatten(1, {-1, fan});
    return (gathered.sum(2, false, at::kFloat) + bias).to(x.scalar_type());
}

// What each of some results is the sum of: `fan` entries a result, `absent` for none.
struct Entries {
    const std::int64_t* table;
    std::int64_t fan, absent;
};

template <class T>
void gather_sum_rows(const T* x, Entries entries, const T* bias, std::int64_t out,
                     std::int64_t rows, T* y) {
    const auto fan = entries.fan;
    std::vector<float> sum(static_cast<std::size_t>(out));
    for (std::int64_t n = 0; n < rows; ++n) {
        for (std::int64_t c = 0; c < out; ++c) sum[std::size_t(c)] = float(bias[c]);
        for (std::int64_t k = 0; k < fan; ++k) {
            const auto source = entries.table[n * fan + k];
            if (source == entries.absent) continue;
            const T* slice = x + (source * fan + k) * out;
            for (std::int64_t c = 0; c < out; ++c) sum[std::size_t(c)] += float(slice[c]);
        }
        for (std::int64_t c = 0; c < out; ++c) y[n * out + c] = T(sum[std::size_t(c)]);
    }
}

// Into y, by this processor's registers.
bool gather_sum_tiles(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias,
                      const at::Tensor& y) {
    const rows::Slices slices{table.size(1), x.size(1), bias.size(0)};
    if (slices.width % 16 != 0 || slices.fan > rows::kMostSlices) return false;
    return run_on_bits(x, [&]<class T>(T) {
        const auto *const from = bits<T>(x), *const start = bits<T>(bias);
        const auto* const entries = table.const_data_ptr<std::int64_t>();
        auto* const to = mutable_bits<T>(y);
        const auto count = table.size(0), source = x.size(1) * x.size(2);
        at::parallel_for(
            0, x.size(0) * count, kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
                for (auto i = begin; i < end; ++i)
                    rows::sum_slices(from + i / count * source, entries + i % count * slices.fan,
                                     slices, start, 1, to + i * slices.width);
            });
    });
}

at::Tensor gather_sum_cpu(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias) {
    const auto batch = x.size(0), sources = x.size(1), count = table.size(0), fan = table.size(1),
               out = bias.size(0);
    auto y = at::empty({batch, count, out}, x.options());
    if (gather_sum_tiles(x, table, bias, y)) return y;
    const auto* entries = table.const_data_ptr<std::int64_t>();
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "gather_sum", [&] {
        const auto* from = x.const_data_ptr<scalar_t>();
        const auto* start = bias.const_data_ptr<scalar_t>();
        auto* to = y.mutable_data_ptr<scalar_t>();
        for (std::int64_t b = 0; b < batch; ++b) {
            at::parallel_for(0, count, kRowsAtOnce, [&](std::int64_t begin, std::int64_t end) {
                gather_sum_rows(from + b * sources * fan * out,
                                {entries + begin * fan, fan, sources}, start, out, end - begin,
                                to + (b * count + begin) * out);
            });
        }
    });
    return y;
}

}  // namespace

at::Tensor gather_sum(const at::Tensor& x, const at::Tensor& table, const at::Tensor& bias) {
    TORCH_CHECK(x.dim() == 3 && x.is_contiguous(),
                "gather_sum: x must be [batch, rows, K * out], contiguous");
    TORCH_CHECK(table.dim() == 2 && table.is_contiguous() && table.scalar_type() == at::kLong,
                "gather_sum: table must be [N, K] int64, contiguous");
    TORCH_CHECK(x.size(2) == table.size(1) * bias.size(0), "gather_sum: x must hold K slices, got ",
                x.sizes());
    if (x.is_cuda()) {
        auto y = at::empty({x.size(0), table.size(0), bias.size(0)}, x.options());
        if (y.numel() > 0) launch_gather_sum(x, table, bias, y);
        return y;
    }
    return x.is_cpu() ? gather_sum_cpu(x, table, bias) : gather_sum_plain(x, table, bias);
}

}  // namespace generator

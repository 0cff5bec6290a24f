// torch's attention for a CPU multiplies by way of the matrix library, which for tiles of this size
// costs a third in fp32; and in bf16 it does most of its work in fp32.
#include "generator/kernels/attend.hpp"

#include "generator/kernels/attend_gpu.hpp"
#include "generator/kernels/attend_planned.hpp"
#include "generator/kernels/attend_tile.hpp"
#include "generator/kernels/lanes.hpp"
#include "generator/kernels/parallel.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <type_traits>
#include <vector>

#include <ATen/ATen.h>

namespace generator {
namespace {

using lanes::Half;

// bf16 goes by its bits.
template <class T>
struct Heads {
    using Element = std::conditional_t<std::is_same_v<T, Half>, at::BFloat16, T>;

    explicit Heads(const at::Tensor& tensor)
        : data(reinterpret_cast<const T*>(tensor.const_data_ptr<Element>())),
          batch(tensor.stride(0)),
          row(tensor.stride(1)),
          head(tensor.stride(2)) {}

    attention::Rows<T> rows(std::int64_t b, std::int64_t h, std::int64_t first) const {
        return {data + b * batch + h * head + first * row, row};
    }

    const T* data;
    std::int64_t batch, row, head;
};

template <class T>
at::Tensor attend_tiles(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto batch = q.size(0), count = q.size(1), heads = q.size(2), width = q.size(3),
               keys = k.size(1);
    const Heads<T> queries(q), all_keys(k), all_values(v);
    const auto packed = attention::packed_size(keys, width);
    const auto packed_keys = at::empty({batch * heads, packed}, q.options()),
               packed_values = at::empty_like(packed_keys);
    using Element = typename Heads<T>::Element;
    auto* const to_keys = reinterpret_cast<T*>(packed_keys.mutable_data_ptr<Element>());
    auto* const to_values = reinterpret_cast<T*>(packed_values.mutable_data_ptr<Element>());
    const auto panels = (keys + attention::kPanel - 1) / attention::kPanel;
    at::parallel_for(0, batch * heads * panels, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto head = i / panels, b = head / heads, h = head % heads;
            attention::pack(all_keys.rows(b, h, 0), all_values.rows(b, h, 0), keys, width,
                            i % panels, to_keys + head * packed, to_values + head * packed);
        }
    });

    auto out = at::empty({batch, count, heads * width}, q.options());
    auto* const to = reinterpret_cast<T*>(out.mutable_data_ptr<Element>());
    const auto scale = float(1 / std::sqrt(double(width)));
    const auto parts = (count + attention::kQueries - 1) / attention::kQueries;
    at::parallel_for(0, batch * heads * parts, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto head = i / parts, b = head / heads, h = head % heads,
                       first = i % parts * attention::kQueries;
            attention::attend<T>(
                queries.rows(b, h, first), std::min(attention::kQueries, count - first),
                {to_keys + head * packed, to_values + head * packed, keys}, width, scale,
                to + ((b * count + first) * heads + h) * width, heads * width);
        }
    });
    return out;
}

// A window is short: whoever takes a head of it lays out its keys, too.
template <class T>
at::Tensor attend_window_tiles(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                               const WindowBounds& windows) {
    const auto heads = q.size(1), width = q.size(2);
    const Heads<T> queries(q.unsqueeze(0)), all_keys(k.unsqueeze(0)), all_values(v.unsqueeze(0));
    auto out = at::empty({q.size(0), heads * width}, q.options());
    using Element = typename Heads<T>::Element;
    auto* const to = reinterpret_cast<T*>(out.mutable_data_ptr<Element>());
    const auto scale = float(1 / std::sqrt(double(width)));
    const auto packed = attention::packed_size(windows.longest, width);
    const auto count = std::int64_t(windows.rows.size()) - 1;
    at::parallel_for(0, count * heads, 1, [&](std::int64_t begin, std::int64_t end) {
        const auto space = at::empty({2, packed}, q.options());
        auto* const packed_keys = reinterpret_cast<T*>(space.mutable_data_ptr<Element>());
        auto* const packed_values = packed_keys + packed;
        for (auto i = begin; i < end; ++i) {
            const auto h = i % heads;
            const std::int64_t first = windows.rows[std::size_t(i / heads)],
                               rows = windows.rows[std::size_t(i / heads + 1)] - first;
            for (std::int64_t panel = 0; panel * attention::kPanel < rows; ++panel)
                attention::pack(all_keys.rows(0, h, first), all_values.rows(0, h, first), rows,
                                width, panel, packed_keys, packed_values);
            for (std::int64_t row = 0; row < rows; row += attention::kQueries)
                attention::attend<T>(queries.rows(0, h, first + row),
                                     std::min(attention::kQueries, rows - row),
                                     {packed_keys, packed_values, rows}, width, scale,
                                     to + ((first + row) * heads + h) * width, heads * width);
        }
    });
    return out;
}

// Windows of up to 2^k rows go together, filled up to the longest of them: less than half of the
// places is empty, and a few calls serve all.
at::Tensor attend_window_groups(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                const WindowBounds& windows) {
    const auto& bounds = windows.rows;
    std::map<std::int32_t, std::vector<std::size_t>> by_size;
    for (std::size_t w = 0; w + 1 < bounds.size(); ++w)
        by_size[std::int32_t(std::bit_ceil(std::uint32_t(bounds[w + 1] - bounds[w])))].push_back(w);
    auto out = at::empty({q.size(0), q.size(1) * q.size(2)}, q.options());
    for (const auto& [most, members] : by_size) {
        std::int64_t width = 0;
        for (const auto w : members)
            width = std::max<std::int64_t>(width, bounds[w + 1] - bounds[w]);
        std::vector<std::int64_t> rows, places, targets;  // of all, and of those that are there
        std::vector<float> bias;
        for (const auto w : members) {
            for (std::int64_t i = 0; i < width; ++i) {
                const bool there = bounds[w] + i < bounds[w + 1];
                const std::int64_t row = there ? bounds[w] + i : 0;
                if (there) {
                    places.push_back(std::int64_t(rows.size()));
                    targets.push_back(row);
                }
                rows.push_back(row);
                bias.push_back(there ? 0 : -std::numeric_limits<float>::infinity());
            }
        }
        const auto tensor = [&](const std::vector<std::int64_t>& values) {
            return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong).to(q.device());
        };
        const auto count = std::int64_t(members.size());
        const auto all = tensor(rows);
        const auto part = [&](const at::Tensor& x) {  // [windows, H, width, D]
            return x.index_select(0, all).unflatten(0, {count, width}).transpose(1, 2);
        };
        const auto mask = at::tensor(at::ArrayRef<float>(bias), at::kFloat)
                              .view({count, 1, 1, width})
                              .to(q.device(), q.scalar_type());
        const auto attended = at::scaled_dot_product_attention(part(q), part(k), part(v), mask);
        out.index_copy_(
            0, tensor(targets),
            attended.transpose(1, 2).flatten(-2).flatten(0, 1).index_select(0, tensor(places)));
    }
    return out;
}

bool fits(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto width = q.size(-1);
    return q.is_cpu() && width % 32 == 0 && width <= attention::kMostWidth && q.stride(-1) == 1 &&
           k.stride(-1) == 1 && v.stride(-1) == 1;
}

// Else torch itself chooses, which may be the formula in steps: slower, and right on any card.
bool gpu_is_for(const at::Tensor& q) {
    return q.is_cuda() && has_memory_efficient(compute_capability(q.device()), q.scalar_type());
}

}  // namespace

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, Lengths lengths) {
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                    q.size(2) == k.size(2) && q.size(3) == k.size(3) && k.size(1) > 0,
                "attend: q must be [B, T, H, D], k and v [B, L, H, D], got ", q.sizes(), ", ",
                k.sizes(), " and ", v.sizes());
    TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
                "attend: q, k and v must have one type");
    if (fits(q, k, v)) {
        if (q.scalar_type() == at::kFloat && lanes::has_fp32()) return attend_tiles<float>(q, k, v);
        if (q.scalar_type() == at::kBFloat16 && lanes::has_bf16())
            return attend_tiles<Half>(q, k, v);
    }
    if (lengths == Lengths::planned && q.is_cuda()) return attend_planned(q, k, v, {});
    if (lengths == Lengths::varying && gpu_is_for(q)) return attend_gpu(q, k, v);
    const auto attended =
        at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2));
    return attended.transpose(1, 2).flatten(-2);
}

at::Tensor attend_padded(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                         const PaddedSequence& sequence) {
    TORCH_CHECK(sequence && q.dim() == 4 && q.sizes() == k.sizes() && q.sizes() == v.sizes() &&
                    q.size(0) <= sequence.on_device.size(0) && q.size(1) == sequence.size &&
                    sequence.rows > 0 && sequence.rows <= sequence.size,
                "attend_padded: q, k and v must be [B, ", sequence.size, ", H, D], got ", q.sizes(),
                ", ", k.sizes(), " and ", v.sizes());
    if (q.is_cuda()) return attend_planned(q, k, v, sequence.on_device.narrow(0, 0, q.size(0)));
    const auto there = [&](const at::Tensor& x) { return x.narrow(1, 0, sequence.rows); };
    return at::constant_pad_nd(attend(there(q), there(k), there(v)),
                               {0, 0, 0, sequence.size - sequence.rows});
}

PaddedSequence pad_sequence(std::int64_t rows, at::Device device, at::ScalarType type,
                            std::int64_t width) {
    const auto size = planned_rows(rows);
    if (!size || !device.is_cuda() || !has_planned(compute_capability(device), type, width))
        return {rows, rows, {}};
    return {rows, *size, at::full({2}, rows, at::kInt).to(device)};
}

at::Tensor attend_in_windows(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                             const WindowBounds& windows) {
    TORCH_CHECK(q.dim() == 3 && q.sizes() == k.sizes() && q.sizes() == v.sizes(),
                "attend_in_windows: q, k and v must be [N, H, D], got ", q.sizes(), ", ", k.sizes(),
                " and ", v.sizes());
    TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
                "attend_in_windows: q, k and v must have one type");
    TORCH_CHECK(windows.rows.size() > 1 && windows.rows.back() == q.size(0),
                "attend_in_windows: the windows do not hold all rows");
    if (gpu_is_for(q)) return attend_in_windows_gpu(q, k, v, windows);
    if (fits(q, k, v)) {
        if (q.scalar_type() == at::kFloat && lanes::has_fp32())
            return attend_window_tiles<float>(q, k, v, windows);
        if (q.scalar_type() == at::kBFloat16 && lanes::has_bf16())
            return attend_window_tiles<Half>(q, k, v, windows);
    }
    return attend_window_groups(q, k, v, windows);
}

}  // namespace generator

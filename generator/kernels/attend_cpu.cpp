// torch's attention for a CPU multiplies by way of the matrix library, which for tiles of this size
// costs a third in fp32; and in bf16 it does most of its work in fp32.
#include "generator/kernels/attend.hpp"

#include "generator/kernels/attend_tile.hpp"
#include "generator/kernels/parallel.hpp"
#include "generator/kernels/wide.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include <ATen/ATen.h>

namespace generator {
namespace {

using wide::Half;

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
            attention::attend(queries.rows(b, h, first),
                              std::min(attention::kQueries, count - first), to_keys + head * packed,
                              to_values + head * packed, keys, width, scale,
                              to + ((b * count + first) * heads + h) * width, heads * width);
        }
    });
    return out;
}

bool fits(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto width = q.size(3);
    return q.is_cpu() && width % 32 == 0 && width <= attention::kMostWidth && q.stride(3) == 1 &&
           k.stride(3) == 1 && v.stride(3) == 1;
}

}  // namespace

at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    TORCH_CHECK(q.dim() == 4 && k.dim() == 4 && k.sizes() == v.sizes() && q.size(0) == k.size(0) &&
                    q.size(2) == k.size(2) && q.size(3) == k.size(3) && k.size(1) > 0,
                "attend: q must be [B, T, H, D], k and v [B, L, H, D], got ", q.sizes(), ", ",
                k.sizes(), " and ", v.sizes());
    TORCH_CHECK(q.scalar_type() == k.scalar_type() && q.scalar_type() == v.scalar_type(),
                "attend: q, k and v must have one type");
    if (fits(q, k, v)) {
        if (q.scalar_type() == at::kFloat && wide::has_fp32()) return attend_tiles<float>(q, k, v);
        if (q.scalar_type() == at::kBFloat16 && wide::has_bf16())
            return attend_tiles<Half>(q, k, v);
    }
    const auto attended =
        at::scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2));
    return attended.transpose(1, 2).flatten(-2);
}

}  // namespace generator

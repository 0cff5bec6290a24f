// The matrix library's kernel for this kind of processor uses half of its registers' width, and
// lays the weight out anew each time.
#include "generator/kernels/linear.hpp"

#include "generator/kernels/gather_tile.hpp"
#include "generator/kernels/lanes.hpp"
#include "generator/kernels/parallel.hpp"

#include <algorithm>

#include <ATen/ATen.h>

namespace generator {
namespace {

using gathering::Finish;

constexpr std::int64_t kMostTogether = 512;  // of a row: with its columns, half of a cache

// A row in equal parts, each of an even width: as a table of neighbours has them.
gathering::Size size_of(std::int64_t in, std::int64_t out) {
    auto parts = (in + kMostTogether - 1) / kMostTogether;
    while (in % (2 * parts) != 0) ++parts;
    return {parts, in / parts, out};
}

template <class T, class Element>
at::Tensor pack(const at::Tensor& weight) {
    const auto size = size_of(weight.size(1), weight.size(0));
    const auto matrix = weight.t().contiguous();
    auto packed = at::empty({size.out, weight.size(1)}, weight.options());
    const auto* const from = reinterpret_cast<const T*>(matrix.const_data_ptr<Element>());
    auto* const to = reinterpret_cast<T*>(packed.template mutable_data_ptr<Element>());
    for (std::int64_t strip = 0; strip < size.strips(); ++strip)
        gathering::pack(from, size, strip, to + strip * gathering::kColumns * weight.size(1));
    return packed;
}

template <class T, class Element>
at::Tensor multiply(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                    Finish finish) {
    const auto in = packed.size(1), out = packed.size(0), rows = x.numel() / in;
    const auto size = size_of(in, out);
    auto shape = x.sizes().vec();
    shape.back() = out;
    auto y = at::empty(shape, x.options());
    const auto input = x.contiguous(), zeros = at::zeros({size.in}, x.options());
    const auto bits = [](const at::Tensor& tensor) {
        return reinterpret_cast<const T*>(tensor.const_data_ptr<Element>());
    };
    const T *const from = bits(input), *const weights = bits(packed), *const start = bits(bias),
                   *const nothing = bits(zeros);
    auto* const to = reinterpret_cast<T*>(y.template mutable_data_ptr<Element>());
    const auto blocks = (rows + gathering::kRowsAtOnce - 1) / gathering::kRowsAtOnce,
               strips = size.strips();
    // Blocks of rows first: a thread finds its rows in its cache from the layer before, leaves them
    // there for the next one, and reads the weights from its own cache rather than all rows from
    // the one that is shared.
    at::parallel_for(0, blocks * strips, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = begin; i < end; ++i) {
            const auto strip = i % strips, first = i / strips * gathering::kRowsAtOnce;
            gathering::multiply<T>({from + first * in, rows * size.fan, nothing, nullptr},
                                   std::min(gathering::kRowsAtOnce, rows - first),
                                   weights + strip * gathering::kColumns * in, start, size, strip,
                                   finish, to + first * out);
        }
    });
    return y;
}

}  // namespace

at::Tensor pack_linear(const at::Tensor& weight) {
    if (!weight.is_cpu() || weight.size(0) % 32 != 0 || weight.size(1) % 2 != 0) return {};
    if (weight.scalar_type() == at::kFloat && lanes::has_fp32()) return pack<float, float>(weight);
    if (weight.scalar_type() == at::kBFloat16 && lanes::has_bf16())
        return pack<lanes::Half, at::BFloat16>(weight);
    return {};
}

namespace {

at::Tensor checked(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias,
                   Finish finish) {
    TORCH_CHECK(x.dim() >= 1 && x.size(-1) == packed.size(1) && bias.size(0) == packed.size(0),
                "packed_linear: x must be [..., in], got ", x.sizes());
    TORCH_CHECK(x.scalar_type() == packed.scalar_type() && x.scalar_type() == bias.scalar_type(),
                "packed_linear: x, weight and bias must have one type");
    return packed.scalar_type() == at::kFloat
               ? multiply<float, float>(x, packed, bias, finish)
               : multiply<lanes::Half, at::BFloat16>(x, packed, bias, finish);
}

}  // namespace

at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias) {
    return checked(x, packed, bias, Finish::plain);
}

at::Tensor packed_linear_gelu(const at::Tensor& x, const at::Tensor& packed,
                              const at::Tensor& bias) {
    return checked(x, packed, bias, Finish::gelu);
}

}  // namespace generator

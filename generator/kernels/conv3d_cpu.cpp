// In fp32 on a CPU the library's own convolutions reach a tenth of what its matrix product does at
// these sizes (16 to 64 channels, 16 to 32 cells along an edge: 6 to 40 against 80 GFLOP/s a core).
// So patches of a few lines along z are copied side by side, which stay in a core's cache, and
// multiplied. Chunks do not depend on the number of threads, so neither do the bits.
#include "generator/kernels/conv3d.hpp"

#include "generator/kernels/parallel.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

namespace generator {
namespace {

constexpr std::int64_t kPatchBytes = 512 << 10;  // half of a common second-level cache
constexpr std::int64_t kFewChannels = 16;        // below, copying costs more than it saves

at::Tensor conv3d_library(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    const auto kernel = weight.view({3, 3, 3, x.size(1), -1}).permute({4, 3, 0, 1, 2});
    return at::conv3d(x, kernel.contiguous(at::MemoryFormat::ChannelsLast3d), bias, 1, 1)
        .contiguous(at::MemoryFormat::ChannelsLast3d);
}

// Patches of `lines` lines of a grid with a border; a line's neighbours along z lie side by side in
// memory already.
struct Patches {
    const float* grid;  // [batch, X + 2, Y + 2, Z + 2, in]
    std::int64_t side_x, side_y, side_z, in;

    void copy(std::int64_t first_line, std::int64_t lines, float* to) const {
        const auto run = 3 * in, row_z = (side_z + 2) * in, row_y = (side_y + 2) * row_z;
        for (std::int64_t line = first_line; line < first_line + lines; ++line) {
            const auto b = line / (side_x * side_y), x = line / side_y % side_x, y = line % side_y;
            const float* corner = grid + (b * (side_x + 2) + x) * row_y + y * row_z;
            for (std::int64_t z = 0; z < side_z; ++z, corner += in) {
                for (std::int64_t dx = 0; dx < 3; ++dx) {
                    for (std::int64_t dy = 0; dy < 3; ++dy, to += run) {
                        std::memcpy(to, corner + dx * row_y + dy * row_z,
                                    std::size_t(run) * sizeof(float));
                    }
                }
            }
        }
    }
};

at::Tensor conv3d_patches(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    const auto batch = x.size(0), in = x.size(1), out = weight.size(1);
    const auto grid =
        at::constant_pad_nd(x.permute({0, 2, 3, 4, 1}), {0, 0, 1, 1, 1, 1, 1, 1}).contiguous();
    const Patches patches{grid.const_data_ptr<float>(), x.size(2), x.size(3), x.size(4), in};
    auto y = at::empty({batch, x.size(2), x.size(3), x.size(4), out}, x.options());
    auto rows = y.view({-1, out});
    const auto lines = batch * x.size(2) * x.size(3), width = x.size(4);
    const auto line_bytes = width * 27 * in * std::int64_t(sizeof(float));
    const auto chunk = std::clamp<std::int64_t>(kPatchBytes / line_bytes, 1, lines);
    at::parallel_for(0, (lines + chunk - 1) / chunk, 1, [&](std::int64_t begin, std::int64_t end) {
        const c10::InferenceMode inference;  // of each thread
        const auto buffer = at::empty({chunk * width, 27 * in}, x.options());
        for (std::int64_t i = begin; i < end; ++i) {
            const auto first = i * chunk, count = std::min(chunk, lines - first);
            patches.copy(first, count, buffer.mutable_data_ptr<float>());
            auto result = rows.narrow(0, first * width, count * width);
            at::addmm_out(result, bias, buffer.narrow(0, 0, count * width), weight);
        }
    });
    return y.permute({0, 4, 1, 2, 3});
}

}  // namespace

at::Tensor conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    TORCH_CHECK(x.is_cpu() && x.dim() == 5 && x.is_contiguous(at::MemoryFormat::ChannelsLast3d),
                "conv3d: x must be [batch, in, X, Y, Z] on a CPU, channels last");
    TORCH_CHECK(weight.dim() == 2 && weight.size(0) == 27 * x.size(1),
                "conv3d: weight must be [27 * in, out], got ", weight.sizes());
    const bool patches =
        x.scalar_type() == at::kFloat && x.size(1) >= kFewChannels && x.numel() > 0;
    return patches ? conv3d_patches(x, weight, bias) : conv3d_library(x, weight, bias);
}

}  // namespace generator

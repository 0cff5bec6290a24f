#include "generator/kernels/attend_gpu.hpp"

#include <cmath>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr std::int64_t kFlashMostWidth = 256;
constexpr std::int64_t kWidthStep = 8;  // of a head, in every type, for both kernels' loads

// Zeros beside a head's numbers change no product.
at::Tensor widened(const at::Tensor& x) {
    const auto lacking = (kWidthStep - x.size(-1) % kWidthStep) % kWidthStep;
    return lacking == 0 ? x : at::constant_pad_nd(x, {0, lacking});
}

// [..., T, H, D] -> [..., T, H * D], without what was widened.
at::Tensor joined(const at::Tensor& heads, std::int64_t width) {
    return heads.narrow(-1, 0, width).flatten(-2);
}

double scale_of(std::int64_t width) { return 1 / std::sqrt(double(width)); }

// For 16 bits. q [B, T, H, D], k and v [B, L, H, D].
at::Tensor flash(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
    return std::get<0>(at::_flash_attention_forward(q, k, v, {}, {}, q.size(1), k.size(1),
                                                    /*dropout_p=*/0, /*is_causal=*/false,
                                                    /*return_debug_mask=*/false, scale));
}

// Likewise, in any type.
at::Tensor memory_efficient(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            double scale) {
    return std::get<0>(at::_efficient_attention_forward(q, k, v, /*bias=*/{}, {}, {}, {}, {},
                                                        /*dropout_p=*/0, /*custom_mask_type=*/0,
                                                        /*compute_log_sumexp=*/false, scale));
}

// Has it the card's instructions, and libtorch the card's code?
bool within(ComputeCapability card, int first_major) {
    return card.major >= first_major && (card.major < 12 || (card.major == 12 && card.minor <= 1));
}

}  // namespace

bool has_flash(ComputeCapability card, at::ScalarType type, std::int64_t width) {
    return within(card, 8) && (type == at::kHalf || type == at::kBFloat16) &&
           width <= kFlashMostWidth;
}

bool has_memory_efficient(ComputeCapability card, at::ScalarType type) {
    return within(card, type == at::kBFloat16 ? 8 : 5);
}

at::Tensor attend_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
    const auto width = q.size(-1);
    const auto card = compute_capability(q.device());
    const auto& kernel = has_flash(card, q.scalar_type(), width) ? flash : memory_efficient;
    return joined(kernel(widened(q), widened(k), widened(v), scale_of(width)), width);
}

// Of the two kernels that take sequences by their lengths the memory-efficient one is as fast at
// windows' sizes, and takes every type.
at::Tensor attend_in_windows_gpu(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const WindowBounds& windows) {
    const auto width = q.size(-1);
    const auto one = [](const at::Tensor& x) { return widened(x).unsqueeze(0); };
    const auto out = std::get<0>(at::_efficient_attention_forward(
        one(q), one(k), one(v), /*bias=*/{}, windows.on_device, windows.on_device, windows.longest,
        windows.longest, /*dropout_p=*/0, /*custom_mask_type=*/0, /*compute_log_sumexp=*/false,
        scale_of(width)));
    return joined(out.squeeze(0), width);
}

}  // namespace generator

#include "generator/score/inputs.hpp"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

namespace generator {
namespace {

using Colour = std::array<float, 3>;
constexpr Colour kImagenetMean{0.485F, 0.456F, 0.406F}, kImagenetDeviation{0.229F, 0.224F, 0.225F};
constexpr Colour kClipMean{0.48145466F, 0.4578275F, 0.40821073F},
    kClipDeviation{0.26862954F, 0.26130258F, 0.27577711F};
constexpr float kClipFactor = 3;

at::Tensor colour(const Colour& rgb, float factor, const at::Tensor& like) {
    return at::tensor(at::ArrayRef<float>(rgb), at::kFloat)
        .mul_(factor)
        .view({1, 3, 1, 1})
        .to(like.device());
}

at::Tensor cubic(const at::Tensor& bytes, std::int64_t size) {
    return at::upsample_bicubic2d(for_ssim(bytes), {size, size}, /*align_corners=*/false);
}

}  // namespace

at::Tensor DistinctViews::of_each(const at::Tensor& rows) const {
    return rows.index_select(
        0, at::tensor(at::ArrayRef<std::int64_t>(of), at::kLong).to(rows.device()));
}

at::Tensor to_bytes(const Image& rgb, at::Device device) {
    auto bytes = at::empty({1, rgb.height, rgb.width, 3}, at::kByte);
    std::copy(rgb.pixels.begin(), rgb.pixels.end(), bytes.mutable_data_ptr<std::uint8_t>());
    return bytes.to(device);
}

DistinctViews distinct_views(std::span<const Image> views, at::Device device) {
    std::vector<const Image*> found;
    DistinctViews distinct;
    for (const auto& view : views) {
        const auto same = std::find_if(found.begin(), found.end(), [&](const Image* other) {
            return other->pixels == view.pixels;
        });
        distinct.of.push_back(same - found.begin());
        if (same == found.end()) found.push_back(&view);
    }
    std::vector<at::Tensor> pictures;
    for (const auto* view : found) pictures.push_back(to_bytes(*view, at::kCPU));
    distinct.pictures = at::cat(pictures).to(device);
    return distinct;
}

at::Tensor for_ssim(const at::Tensor& bytes) {
    return bytes.permute({0, 3, 1, 2})
        .to(at::kFloat, false, true, at::MemoryFormat::Contiguous)
        .div_(255);
}

at::Tensor for_quality(const at::Tensor& bytes, std::int64_t size) {
    auto x = for_ssim(bytes);
    if (x.size(2) != size || x.size(3) != size)
        x = at::upsample_bilinear2d(x, {size, size}, /*align_corners=*/false);
    return x.sub_(colour(kImagenetMean, 1, x)).div_(colour(kImagenetDeviation, 1, x));
}

at::Tensor for_clip(const at::Tensor& bytes, std::int64_t size) {
    auto x = cubic(bytes, size);
    return x.sub_(colour(kClipMean, kClipFactor, x)).div_(colour(kClipDeviation, kClipFactor, x));
}

at::Tensor for_lpips(const at::Tensor& bytes, std::int64_t size) {
    return cubic(bytes, size).clamp_(0, 1);
}

}  // namespace generator

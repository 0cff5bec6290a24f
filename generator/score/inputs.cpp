#include "generator/score/inputs.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <ATen/ATen.h>

namespace generator {
namespace {

using Colour = std::array<float, 3>;
constexpr Colour kImagenetMean{0.485F, 0.456F, 0.406F}, kImagenetDeviation{0.229F, 0.224F, 0.225F};
constexpr Colour kClipMean{0.48145466F, 0.4578275F, 0.40821073F},
    kClipDeviation{0.26862954F, 0.26130258F, 0.27577711F};
constexpr float kClipFactor = 3;

// (x - mean) / deviation of each colour, in place. Numbers go along with the launches: a tensor of
// them would have to be waited for on its way to a GPU.
at::Tensor normalised_(at::Tensor x, const Colour& mean, const Colour& deviation, float factor) {
    for (std::size_t c = 0; c < mean.size(); ++c)
        x.select(1, std::int64_t(c)).sub_(mean[c] * factor).div_(deviation[c] * factor);
    return x;
}

at::Tensor cubic(const at::Tensor& bytes, std::int64_t size) {
    return at::upsample_bicubic2d(for_ssim(bytes), {size, size}, /*align_corners=*/false);
}

}  // namespace

at::Tensor to_bytes(std::span<const Image> pictures, at::Device device) {
    const auto& first = pictures.front();
    auto bytes =
        at::empty({std::int64_t(pictures.size()), first.height, first.width, 3}, at::kByte);
    auto* to = bytes.mutable_data_ptr<std::uint8_t>();
    for (const auto& picture : pictures)
        to = std::copy(picture.pixels.begin(), picture.pixels.end(), to);
    return bytes.to(device);
}

DistinctViews distinct_views(const at::Tensor& views) {
    // Of equal pictures the sums of all bytes are equal; of others they hardly ever are.
    const auto sums = views.flatten(1).sum(1, false, at::kLong).to(at::kCPU);
    const auto* sum = sums.const_data_ptr<std::int64_t>();
    std::vector<std::int64_t> found;  // the first of each picture
    std::vector<std::int64_t> places;
    for (std::int64_t i = 0; i < views.size(0); ++i) {
        const auto same = std::find_if(found.begin(), found.end(), [&](std::int64_t other) {
            return sum[other] == sum[i] && at::equal(views[other], views[i]);
        });
        places.push_back(same - found.begin());
        if (same == found.end()) found.push_back(i);
    }
    if (views.is_cpu()) {
        const auto rows = at::tensor(at::ArrayRef<std::int64_t>(found), at::kLong);
        return {views.index_select(0, rows), std::move(places)};
    }
    for (auto& place : places) place = found[std::size_t(place)];
    return {views, std::move(places)};
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
    return normalised_(std::move(x), kImagenetMean, kImagenetDeviation, 1);
}

at::Tensor for_clip(const at::Tensor& bytes, std::int64_t size) {
    return normalised_(cubic(bytes, size), kClipMean, kClipDeviation, kClipFactor);
}

at::Tensor for_lpips(const at::Tensor& bytes, std::int64_t size) {
    return cubic(bytes, size).clamp_(0, 1);
}

}  // namespace generator

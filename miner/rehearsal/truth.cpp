#include "miner/rehearsal/truth.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/splat/scene.hpp"
#include "miner/rehearsal/embedded.hpp"
#include "miner/rehearsal/likeness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace miner {
namespace {

generator::Image square(const generator::Image& strip, int index) {
    const int side = strip.height;
    generator::Image image{side, side, strip.channels, {}};
    for (int y = 0; y < side; ++y) {
        const auto row = strip.pixels.begin() + std::ptrdiff_t(y * strip.row_bytes());
        const auto bytes = std::ptrdiff_t(image.row_bytes());
        image.pixels.insert(image.pixels.end(), row + index * bytes, row + (index + 1) * bytes);
    }
    return image;
}

double worse_half(std::vector<double>& agreements) {
    std::sort(agreements.begin(), agreements.end());
    const auto half = std::ptrdiff_t(agreements.size() / 2);
    return std::accumulate(agreements.begin(), agreements.begin() + half, 0.0) / double(half);
}

}  // namespace

config::Result<TrueViews> read_true_views(std::span<const std::uint8_t> png) {
    const auto strip = generator::decode(png);
    if (!strip) return strip.error();
    using generator::Errc;
    if (strip->width != kTrueViews * strip->height)
        return config::fail(Errc::broken_picture, "a strip of true views is eight squares wide");
    TrueViews truth;
    for (int i = 0; i < kTrueViews; ++i) {
        auto view = square(*strip, i);
        if (!likeness(view, view))
            return config::fail(Errc::broken_picture, "a true view without a silhouette");
        truth.views.push_back(std::move(view));
    }
    return truth;
}

std::vector<TrueViews> embedded_truth(std::span<const int> objects) {
    std::vector<TrueViews> truth;
    for (const int object : objects) {
        const auto name = fmt::format("{:03}.png", object);
        for (std::uint64_t i = 0; i < miner_rehearsal_truth_count; ++i) {
            const auto& file = miner_rehearsal_truth[i];
            if (file.name != name) continue;
            truth.push_back(read_true_views(std::span(file.data, file.size)).value());
        }
    }
    return truth;
}

double truth_score(const generator::StoredSplats& splats, std::span<const TrueViews> objects) {
    if (objects.empty()) return 0;
    const int side = objects.front().views.front().width;
    const auto scene = generator::validator_scene(splats);
    const auto gaussians = generator::gaussians(scene, splats.rotation);
    std::vector<std::vector<double>> agreements(objects.size());
    for (int i = 0; i < kTrueViews; ++i) {
        const auto seen = cut_out_view(gaussians, 2 * i, side);
        for (std::size_t object = 0; object < objects.size(); ++object)
            agreements[object].push_back(
                seen ? agreement(objects[object].views[std::size_t(i)], *seen) : 0);
    }
    double best = 0;
    for (auto& views : agreements) best = std::max(best, worse_half(views));
    return best;
}

}  // namespace miner

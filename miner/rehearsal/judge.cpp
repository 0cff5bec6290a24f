#include "miner/rehearsal/judge.hpp"

#include "generator/image/decode.hpp"
#include "generator/render/rasterize.hpp"
#include "generator/splat/health.hpp"
#include "generator/splat/scene.hpp"
#include "generator/splat/spz.hpp"
#include "miner/rehearsal/likeness.hpp"
#include "network/base64.hpp"

#include <algorithm>

namespace miner {
namespace {

constexpr int kSide = 128;  // pixels of a view: enough for a silhouette

double nearest_view(const generator::Image& picture, const generator::StoredSplats& splats) {
    const auto scene = generator::validator_scene(splats);
    const auto gaussians = generator::gaussians(scene, splats.rotation);
    double best = 0;
    // The last view repeats the first.
    for (int index = 0; index + 1 < generator::kValidatorViews; ++index) {
        const auto view = cut_out_view(gaussians, index, kSide);
        if (view) best = std::max(best, likeness(picture, *view).value_or(0));
    }
    return best;
}

// Nothing where there is no picture with a silhouette.
std::optional<generator::Image> silhouetted(const network::Task& task) {
    if (task.kind != network::TaskKind::image) return std::nullopt;
    const auto bytes = network::base64_decode(task.prompt);
    if (!bytes) return std::nullopt;
    auto picture = generator::decode(*bytes);
    if (!picture || !likeness(*picture, *picture)) return std::nullopt;
    return std::move(*picture);
}

double density(const generator::StoredSplats& splats, std::int64_t gate) {
    const double count = double(splats.size()) / double(std::max<std::int64_t>(gate, 1));
    return std::min(1.0, count) * (1 - generator::measure(splats).invisible);
}

}  // namespace

std::string_view name(JudgedBy by) {
    switch (by) {
        case JudgedBy::truth:
            return "truth";
        case JudgedBy::likeness:
            return "likeness";
        case JudgedBy::density:
            return "density";
    }
    return "density";
}

JudgedBy judged_by(const network::Task& task, std::span<const TrueViews> objects) {
    if (!objects.empty()) return JudgedBy::truth;
    return silhouetted(task) ? JudgedBy::likeness : JudgedBy::density;
}

network::Evaluation judge_spz(const network::Task& task, std::span<const std::uint8_t> spz,
                              std::span<const TrueViews> objects, std::int64_t gate) {
    const auto splats = generator::read_spz_as_validator(spz);
    if (!splats) return {0, splats.error().message()};
    if (const auto objections = generator::validator_objections(*splats); !objections.empty())
        return {0, objections.front()};
    if (!objects.empty()) return {truth_score(*splats, objects), ""};
    const auto picture = silhouetted(task);
    return {picture ? nearest_view(*picture, *splats) : density(*splats, gate), ""};
}

}  // namespace miner

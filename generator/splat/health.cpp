#include "generator/splat/health.hpp"

#include "generator/splat/scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {
namespace {

constexpr float kInvisible = 1e-3F;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

float opacity(float logit) { return 1 / (1 + std::exp(-logit)); }

template <std::size_t N>
bool is_finite(const std::array<float, N>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool is_finite(const StoredSplats& splats, std::size_t i) {
    return is_finite(splats.position[i]) && is_finite(splats.colour[i]) &&
           is_finite(splats.log_scale[i]) && is_finite(splats.rotation[i]) &&
           std::isfinite(splats.logit[i]);
}

bool is_finite(const Splats& splats, std::size_t i) {
    return is_finite(splats.position[i]) && is_finite(splats.colour[i]) &&
           is_finite(splats.scale[i]) && is_finite(splats.rotation[i]) &&
           std::isfinite(splats.opacity[i]);
}

float opacity_of(const StoredSplats& splats, std::size_t i) { return opacity(splats.logit[i]); }
float opacity_of(const Splats& splats, std::size_t i) { return splats.opacity[i]; }

bool is_infinite(const StoredSplats& splats, std::size_t i) { return std::isinf(splats.logit[i]); }
bool is_infinite(const Splats&, std::size_t) { return false; }  // no logit yet

// numpy's and torch's allclose with their defaults; false for NaN.
bool is_close(double value, double expected) {
    return std::abs(value - expected) <= 1e-8 + 1e-5 * std::abs(expected);
}

bool is_identity(const std::array<float, 4>& q) {
    const float length =
        std::max(std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]), 1e-12F);
    return is_close(q[0] / length, 1) && is_close(q[1] / length, 0) && is_close(q[2] / length, 0) &&
           is_close(q[3] / length, 0);
}

bool is_at_ones(const std::array<float, 3>& p) {
    return is_close(p[0], 1) && is_close(p[1], 1) && is_close(p[2], 1);
}

struct Box {
    std::array<double, 3> low{kInfinity, kInfinity, kInfinity};
    std::array<double, 3> high{-kInfinity, -kInfinity, -kInfinity};

    void add(const std::array<float, 3>& p) {
        for (int c = 0; c < 3; ++c) {
            low[c] = std::min<double>(low[c], p[c]);
            high[c] = std::max<double>(high[c], p[c]);
        }
    }
    double side(int c) const { return high[c] >= low[c] ? high[c] - low[c] : 0; }
    double middle(int c) const { return (low[c] + high[c]) / 2; }
};

Box box_of(const std::vector<std::array<float, 3>>& points) {
    Box box;
    for (const auto& point : points) {
        if (is_finite(point)) box.add(point);
    }
    return box;
}

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

template <class Any>
SplatHealth measure_any(const Any& splats) {
    SplatHealth health;
    health.gaussians = std::int64_t(splats.size());
    if (splats.size() == 0) return health;
    std::int64_t invisible = 0, broken = 0, infinite = 0, identities = 0, numbers = 0;
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const float seen = opacity_of(splats, i);
        invisible += seen < kInvisible;
        broken += !is_finite(splats, i);
        infinite += is_infinite(splats, i);
        identities += is_identity(splats.rotation[i]);
        if (std::isnan(seen)) continue;
        ++numbers;
        sum += seen;
        squares += double(seen) * seen;
    }
    const double count = double(splats.size());
    health.invisible = double(invisible) / count;
    health.non_finite = double(broken) / count;
    health.infinite_opacities = double(infinite) / count;
    health.identity_rotations = double(identities) / count;
    if (numbers > 0) {
        health.opacity_mean = sum / double(numbers);
        health.opacity_spread = std::sqrt(
            std::max(0.0, squares / double(numbers) - health.opacity_mean * health.opacity_mean));
    }
    const Box box = box_of(splats.position);
    for (int c = 0; c < 3; ++c) health.extent[c] = box.side(c);
    return health;
}

}  // namespace

SplatHealth measure(const StoredSplats& splats) { return measure_any(splats); }
SplatHealth measure(const Splats& splats) { return measure_any(splats); }

std::vector<std::string> validator_objections(const StoredSplats& splats) {
    constexpr std::size_t kFewest = 7000;
    constexpr double kMostInvisible = 0.8;
    if (splats.size() == 0) return {"no Gaussians"};
    std::vector<std::string> objections;
    const SplatHealth health = measure(splats);
    if (splats.size() < kFewest) {
        objections.push_back(std::to_string(splats.size()) + " Gaussians; it wants at least " +
                             std::to_string(kFewest));
    }
    for (std::size_t i = 0; i < std::min<std::size_t>(3, splats.size()); ++i) {
        if (is_at_ones(splats.position[i])) {
            objections.push_back("centre " + std::to_string(i) +
                                 " is (1, 1, 1), which its check takes for empty data");
        }
    }
    if (health.invisible > kMostInvisible) {
        objections.push_back(percent(health.invisible) +
                             " of the opacities are below 0.001; it allows 80 %");
    }
    if (health.identity_rotations == 1) {
        objections.push_back("no rotation differs from the identity");
    }
    // A rotation without a length makes a Gaussian that no renderer draws (render/projector.hpp).
    const bool no_rotation =
        std::all_of(splats.rotation.begin(), splats.rotation.end(),
                    [](const auto& q) { return !is_finite(q) || q == std::array<float, 4>{}; });
    if (no_rotation)
        objections.push_back("all rotations are zero or not finite, so nothing can be drawn");
    const bool all_finite = std::all_of(splats.position.begin(), splats.position.end(),
                                        [](const auto& p) { return is_finite(p); });
    if (!all_finite) {
        objections.push_back("a centre is not finite, so its normalisation makes none of them so");
    } else if (*std::max_element(health.extent.begin(), health.extent.end()) == 0) {
        objections.push_back("all centres are in one place, so its normalisation divides by zero");
    }
    return objections;
}

Normalised normalise_as_validator(const StoredSplats& splats) {
    Normalised out;
    if (splats.size() == 0) return out;
    const Scene scene = validator_scene(splats);
    out.zoom = scene.zoom;
    out.offset = scene.offset;
    out.capped_at = std::min(1.0, 1 / scene.zoom);
    const double count = double(splats.size());
    std::array<double, 3> mean{};
    for (std::size_t i = 0; i < splats.size(); ++i) {
        out.opacity_mean_before += opacity(splats.logit[i]) / count;
        out.opacity_mean_after += scene.opacity[i] / count;
        for (int c = 0; c < 3; ++c) mean[c] += scene.mean[i][c] / count;
    }
    out.off_centre = std::hypot(mean[0], mean[1], mean[2]);
    const Box box = box_of(scene.mean);
    for (int c = 0; c < 3; ++c) out.box_centre[c] = box.middle(c);
    return out;
}

}  // namespace generator

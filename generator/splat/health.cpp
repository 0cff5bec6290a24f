#include "generator/splat/health.hpp"

#include "generator/parallel.hpp"
#include "generator/splat/scene.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {
namespace {

constexpr float kInvisible = 1e-3F;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

float opacity(float logit) { return 1 / (1 + std::exp(-logit)); }

// Without a branch, as all of nearly all are.
template <std::size_t N>
bool is_finite(const std::array<float, N>& values) {
    constexpr float kMost = std::numeric_limits<float>::max();
    bool finite = true;
    for (const float value : values) finite &= std::abs(value) <= kMost;
    return finite;
}

bool is_finite(const StoredSplats& splats, std::size_t i) {
    bool finite = is_finite(splats.position[i]);
    finite &= is_finite(splats.colour[i]);
    finite &= is_finite(splats.log_scale[i]);
    finite &= is_finite(splats.rotation[i]);
    finite &= is_finite(std::array{splats.logit[i]});
    return finite;
}

bool is_finite(const Splats& splats, std::size_t i) {
    bool finite = is_finite(splats.position[i]);
    finite &= is_finite(splats.colour[i]);
    finite &= is_finite(splats.scale[i]);
    finite &= is_finite(splats.rotation[i]);
    finite &= is_finite(std::array{splats.opacity[i]});
    return finite;
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
    // Of nearly all that can be told without a root.
    if (q[1] * q[1] + q[2] * q[2] + q[3] * q[3] > 1e-3F * (q[0] * q[0])) return false;
    const float length =
        std::max(std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]), 1e-12F);
    return is_close(q[0] / length, 1) && is_close(q[1] / length, 0) && is_close(q[2] / length, 0) &&
           is_close(q[3] / length, 0);
}

bool is_at_ones(const std::array<float, 3>& p) {
    return is_close(p[0], 1) && is_close(p[1], 1) && is_close(p[2], 1);
}

struct Box {
    std::array<float, 3> low{kInfinity, kInfinity, kInfinity};
    std::array<float, 3> high{-kInfinity, -kInfinity, -kInfinity};

    void add(const std::array<float, 3>& p) {
        for (int c = 0; c < 3; ++c) {
            low[c] = std::min(low[c], p[c]);
            high[c] = std::max(high[c], p[c]);
        }
    }
    void add(const Box& other) {
        for (int c = 0; c < 3; ++c) {
            low[c] = std::min(low[c], other.low[c]);
            high[c] = std::max(high[c], other.high[c]);
        }
    }
    double side(int c) const { return high[c] >= low[c] ? double(high[c]) - low[c] : 0; }
    double middle(int c) const { return (double(low[c]) + high[c]) / 2; }
};

Box box_of(const std::vector<std::array<float, 3>>& points) {
    Box box;
    for (const auto& point : points) {
        if (is_finite(point)) box.add(point);
    }
    return box;
}

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

// What is counted and summed up.
struct Tally {
    std::int64_t invisible = 0, broken = 0, infinite = 0, identities = 0, numbers = 0;
    double sum = 0, squares = 0;
    Box box;

    void add(const Tally& other) {
        invisible += other.invisible;
        broken += other.broken;
        infinite += other.infinite;
        identities += other.identities;
        numbers += other.numbers;
        sum += other.sum;
        squares += other.squares;
        box.add(other.box);
    }
};

template <class Any>
Tally tally_of(const Any& splats, std::size_t begin, std::size_t end) {
    Tally tally;
    for (std::size_t i = begin; i < end; ++i) {
        const float seen = opacity_of(splats, i);
        tally.invisible += seen < kInvisible;
        tally.broken += !is_finite(splats, i);
        tally.infinite += is_infinite(splats, i);
        tally.identities += is_identity(splats.rotation[i]);
        if (is_finite(splats.position[i])) tally.box.add(splats.position[i]);
        if (std::isnan(seen)) continue;
        ++tally.numbers;
        tally.sum += seen;
        tally.squares += double(seen) * seen;
    }
    return tally;
}

// Sums of pieces, so that no last bit depends on the number of threads.
template <class Any>
SplatHealth measure_any(const Any& splats) {
    constexpr std::size_t kPiece = 8192;
    SplatHealth health;
    health.gaussians = std::int64_t(splats.size());
    if (splats.size() == 0) return health;
    std::vector<Tally> tallies((splats.size() + kPiece - 1) / kPiece);
    parallel_for(tallies.size(), threads_for(0), [&](std::size_t i) {
        tallies[i] = tally_of(splats, i * kPiece, std::min(splats.size(), (i + 1) * kPiece));
    });
    Tally all;
    for (const auto& tally : tallies) all.add(tally);
    const double count = double(splats.size());
    health.invisible = double(all.invisible) / count;
    health.non_finite = double(all.broken) / count;
    health.infinite_opacities = double(all.infinite) / count;
    health.identity_rotations = double(all.identities) / count;
    if (all.numbers > 0) {
        const double numbers = double(all.numbers);
        health.opacity_mean = all.sum / numbers;
        health.opacity_spread = std::sqrt(
            std::max(0.0, all.squares / numbers - health.opacity_mean * health.opacity_mean));
    }
    for (int c = 0; c < 3; ++c) health.extent[c] = all.box.side(c);
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

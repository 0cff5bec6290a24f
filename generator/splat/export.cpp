#include "generator/splat/export.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {
namespace {

template <std::size_t N>
bool is_finite(const std::array<float, N>& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

bool is_sound(const Splats& splats, std::size_t i) {
    const auto& [w, x, y, z] = splats.rotation[i];
    const float squares = w * w + x * x + y * y + z * z;
    const auto& scale = splats.scale[i];
    return is_finite(splats.position[i]) && is_finite(splats.colour[i]) && is_finite(scale) &&
           *std::min_element(scale.begin(), scale.end()) > 0 && std::isfinite(squares) &&
           squares > 0 && std::isfinite(splats.opacity[i]);
}

bool is_stray(const std::array<float, 3>& position, double margin) {
    if (margin < 0) return false;
    return std::any_of(position.begin(), position.end(),
                       [&](float v) { return std::abs(double(v)) > 0.5 + margin; });
}

Splats keep(const Splats& splats, const ExportOptions& options) {
    Splats kept;
    kept.position.reserve(splats.size());
    kept.colour.reserve(splats.size());
    kept.scale.reserve(splats.size());
    kept.rotation.reserve(splats.size());
    kept.opacity.reserve(splats.size());
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (!is_sound(splats, i) || is_stray(splats.position[i], options.margin)) continue;
        if (splats.opacity[i] < options.min_opacity) continue;
        kept.position.push_back(splats.position[i]);
        kept.colour.push_back(splats.colour[i]);
        kept.scale.push_back(splats.scale[i]);
        kept.rotation.push_back(splats.rotation[i]);
        kept.opacity.push_back(splats.opacity[i]);
    }
    return kept;
}

// A quarter turn about x: +1 takes (x, y, z) to (x, -z, y), -1 to (x, z, -y). A rotation q becomes
// turn * q with turn = (sqrt(1/2), side * sqrt(1/2), 0, 0), whose common factor goes when the
// length is made 1.
void turn(Splats& splats, float side) {
    for (auto& [x, y, z] : splats.position) {
        const float was_y = y;
        y = -side * z;
        z = side * was_y;
    }
    for (auto& [w, x, y, z] : splats.rotation) {
        const std::array<double, 4> q = {double(w) - side * x, double(x) + side * w,
                                         double(y) - side * z, double(z) + side * y};
        const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        w = float(q[0] / length);
        x = float(q[1] / length);
        y = float(q[2] / length);
        z = float(q[3] / length);
    }
}

void place(Splats& splats, const ExportOptions& options) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::array<double, 3> sum{}, low, high;
    low.fill(kInfinity);
    high.fill(-kInfinity);
    for (const auto& position : splats.position) {
        for (int c = 0; c < 3; ++c) {
            sum[c] += position[c];
            low[c] = std::min<double>(low[c], position[c]);
            high[c] = std::max<double>(high[c], position[c]);
        }
    }
    const double side = std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
    const double zoom = options.size > 0 && side > 0 ? options.size / side : 1;
    std::array<double, 3> mean{};
    if (options.centre) {
        for (int c = 0; c < 3; ++c) mean[c] = sum[c] / double(splats.size());
    }
    for (auto& position : splats.position) {
        for (int c = 0; c < 3; ++c) position[c] = float((position[c] - mean[c]) * zoom);
    }
    for (auto& scale : splats.scale) {
        for (auto& value : scale) value = float(value * zoom);
    }
}

}  // namespace

ExportOptions export_options(const config::Export& settings) {
    return {settings.up == "trellis" ? Up::trellis : Up::y, settings.size, settings.centre,
            settings.margin, settings.min_opacity};
}

StoredSplats export_splats(const Splats& splats, const ExportOptions& options) {
    Splats kept = keep(splats, options);
    if (kept.size() == 0) return {};
    turn(kept, options.up == Up::trellis ? 1.F : -1.F);
    place(kept, options);
    return store(kept);
}

Splats import_splats(const StoredSplats& stored, Up up) {
    Splats splats{stored.position, stored.colour, stored.log_scale, stored.rotation, stored.logit};
    for (auto& scale : splats.scale)
        for (auto& value : scale) value = std::exp(value);
    for (auto& value : splats.opacity) value = 1 / (1 + std::exp(-value));
    turn(splats, up == Up::trellis ? -1.F : 1.F);
    return splats;
}

}  // namespace generator

// The export as it reads, one Gaussian after the other: what the fast forms are held against.
#pragma once

#include "generator/splat/export.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tests {

inline bool leaves(const generator::Splats& s, std::size_t i, const generator::ExportOptions& how) {
    const auto finite = [](const auto& values) {
        return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
    };
    const auto& [w, x, y, z] = s.rotation[i];
    const float squares = w * w + x * x + y * y + z * z;
    const bool sound = finite(s.position[i]) && finite(s.colour[i]) && finite(s.scale[i]) &&
                       *std::min_element(s.scale[i].begin(), s.scale[i].end()) > 0 &&
                       std::isfinite(squares) && squares > 0 && std::isfinite(s.opacity[i]);
    if (!sound || s.opacity[i] < how.min_opacity) return false;
    return how.margin < 0 || std::none_of(s.position[i].begin(), s.position[i].end(), [&](float v) {
               return std::abs(double(v)) > 0.5 + how.margin;
           });
}

inline generator::StoredSplats plain_export(const generator::Splats& splats,
                                            const generator::ExportOptions& how) {
    generator::Splats kept;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (!leaves(splats, i, how)) continue;
        const float side = how.up == generator::Up::trellis ? 1.F : -1.F;
        const auto& [px, py, pz] = splats.position[i];
        kept.position.push_back({px, -side * pz, side * py});
        kept.colour.push_back(splats.colour[i]);
        kept.scale.push_back(splats.scale[i]);
        kept.opacity.push_back(splats.opacity[i]);
        const auto& [w, x, y, z] = splats.rotation[i];
        const std::array<double, 4> q = {double(w) - side * x, double(x) + side * w,
                                         double(y) - side * z, double(z) + side * y};
        const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        kept.rotation.push_back({float(q[0] / length), float(q[1] / length), float(q[2] / length),
                                 float(q[3] / length)});
    }
    if (kept.size() == 0) return {};

    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    std::array<double, 3> sum{}, low, high;
    low.fill(kInfinity);
    high.fill(-kInfinity);
    for (const auto& position : kept.position) {
        for (std::size_t c = 0; c < 3; ++c) {
            sum[c] += position[c];
            low[c] = std::min<double>(low[c], position[c]);
            high[c] = std::max<double>(high[c], position[c]);
        }
    }
    const double side = std::max({high[0] - low[0], high[1] - low[1], high[2] - low[2]});
    const double zoom = how.size > 0 && side > 0 ? how.size / side : 1;
    std::array<double, 3> mean{};
    for (std::size_t c = 0; how.centre && c < 3; ++c) mean[c] = sum[c] / double(kept.size());
    for (auto& position : kept.position)
        for (std::size_t c = 0; c < 3; ++c) position[c] = float((position[c] - mean[c]) * zoom);
    for (auto& scale : kept.scale)
        for (auto& value : scale) value = float(value * zoom);
    return generator::store(kept);
}

}  // namespace tests

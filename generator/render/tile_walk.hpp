// Which tiles an ellipse touches: the same text for the CPU and for CUDA. Private to render/.
#pragma once

#include "generator/render/projector.hpp"
#include "generator/render/tiles.hpp"

#include <algorithm>
#include <cmath>

namespace generator {

// Tiles from first to last of an axis whose pixel centres lie between low and high; empty when
// first > last.
struct Range {
    int first, last;
};

MINER_ANYWHERE inline Range tiles_between(double low, double high, int tiles) {
    const double end = double(tiles) * kTileSide;
    const int first = int(std::clamp(std::ceil(low - 0.5), 0.0, end)) / kTileSide;
    const double last = std::floor(high - 0.5);
    if (last < 0 || first >= tiles) return {0, -1};
    return {first, int(std::min(last, end - 1)) / kTileSide};
}

// Left and right, of the centre.
struct Width {
    double left, right;
};

// What part of the ellipse's width lies between two heights, all relative to its centre.
MINER_ANYWHERE inline Width width_between(const Ellipse& e, double top, double bottom) {
    constexpr double kBit = 0.01;  // pixels, and 1e-4 of the width: for roundings
    const double full = e.half_height;
    const auto edge = [&](double dy, double sign) {
        dy = std::clamp(std::clamp(dy, top, bottom), -full, full);
        const double rest = std::max(0.0, 1 - dy * dy / (full * full));
        // At dy = 0 the ellipse reaches sqrt(reach det / c) to either side.
        const double side = full * std::sqrt(double(e.down) / double(e.across));
        return double(e.shear) * dy + sign * side * std::sqrt(rest);
    };
    const double wide = e.half_width, bit = kBit + 1e-4 * wide;
    // In this order of arguments, what is not a number (a side without end) becomes the box's.
    return {std::max(-wide, edge(-e.tilt, -1) - bit), std::min(wide, edge(e.tilt, 1) + bit)};
}

template <class Visit>
MINER_ANYWHERE void for_each_tile(const Ellipse& e, const TileGrid& grid, const Visit& visit) {
    const Range rows = tiles_between(e.y - e.half_height, e.y + e.half_height, grid.rows);
    const Range box = tiles_between(e.x - e.half_width, e.x + e.half_width, grid.columns);
    for (int row = rows.first; row <= rows.last; ++row) {
        Range columns = box;
        if (rows.first < rows.last && box.first < box.last) {
            const double top = row * kTileSide + 0.5 - e.y;
            const auto [left, right] = width_between(e, top, top + kTileSide - 1);
            const Range narrow = tiles_between(e.x + left, e.x + right, grid.columns);
            columns = {std::max(box.first, narrow.first), std::min(box.last, narrow.last)};
        }
        for (int column = columns.first; column <= columns.last; ++column) {
            visit(std::size_t(row) * std::size_t(grid.columns) + std::size_t(column));
        }
    }
}

}  // namespace generator

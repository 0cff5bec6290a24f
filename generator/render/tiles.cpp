#include "generator/render/tiles.hpp"

#include <algorithm>
#include <cmath>

namespace generator {
namespace {

// Tiles from first to last of an axis whose pixel centres lie between low and high; empty when
// first > last.
struct Range {
    int first, last;
};

Range tiles_between(double low, double high, int tiles) {
    const double end = double(tiles) * kTileSide;
    const int first = int(std::clamp(std::ceil(low - 0.5), 0.0, end)) / kTileSide;
    const double last = std::floor(high - 0.5);
    if (last < 0 || first >= tiles) return {0, -1};
    return {first, int(std::min(last, end - 1)) / kTileSide};
}

// What part of the ellipse's width lies between two heights, all relative to its centre.
std::pair<double, double> width_between(const Ellipse& e, double top, double bottom) {
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
void for_each_tile(const Ellipse& e, const TileGrid& grid, const Visit& visit) {
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

}  // namespace

std::size_t list_tiles(std::span<const Ellipse> ellipses, std::size_t from, const TileGrid& grid,
                       const std::vector<std::uint8_t>& done, std::size_t max_entries,
                       TileLists& lists) {
    lists.starts.assign(grid.size() + 1, 0);
    std::size_t end = from, total = 0;
    while (end < ellipses.size() && total < max_entries) {
        for_each_tile(ellipses[end++], grid, [&](std::size_t tile) {
            if (done[tile]) return;
            ++lists.starts[tile + 1];
            ++total;
        });
    }
    for (std::size_t t = 0; t < grid.size(); ++t) lists.starts[t + 1] += lists.starts[t];
    lists.entries.resize(total);
    // Each start moves to its tile's end, which is the next tile's start.
    for (std::size_t i = from; i < end; ++i) {
        for_each_tile(ellipses[i], grid, [&](std::size_t tile) {
            if (!done[tile]) lists.entries[lists.starts[tile]++] = std::uint32_t(i);
        });
    }
    std::rotate(lists.starts.begin(), lists.starts.end() - 1, lists.starts.end());
    lists.starts.front() = 0;
    return end;
}

}  // namespace generator

// Ellipses over one another in one tile: the inner loop. Private to render/.
#pragma once

#include "generator/render/tiles.hpp"

namespace generator {

constexpr int kTilePixels = kTileSide * kTileSide;

// A tile on its way, row by row. A pixel that has ended asks for an alpha that nothing has.
struct alignas(64) Tile {
    float transmittance[kTilePixels];
    float least_alpha[kTilePixels];
    float red[kTilePixels], green[kTilePixels], blue[kTilePixels], depth[kTilePixels];
    double x, y;              // of the middle of its first pixel
    std::uint32_t open_rows;  // bit i: row i has pixels that have not ended
};

// Tile (column, row) of a picture of width x height pixels; what lies outside of it has ended.
void begin_tile(Tile& tile, int column, int row, int width, int height);

// Lays `entries` over what is there, near to far.
using Composite = void (*)(Tile& tile, const Ellipse* ellipses,
                           std::span<const std::uint32_t> entries);

// The one for this machine, or as asked for where it has that.
Composite composite_for(Vectors vectors);

}  // namespace generator

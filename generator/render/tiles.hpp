// Which ellipse touches which tile of the picture. Private to render/.
#pragma once

#include "generator/render/project.hpp"

#include <memory>

namespace generator {

constexpr int kTileSide = 16;

struct TileGrid {
    int columns = 0, rows = 0;

    TileGrid(int width, int height)
        : columns((width + kTileSide - 1) / kTileSide),
          rows((height + kTileSide - 1) / kTileSide) {}
    std::size_t size() const { return std::size_t(columns) * std::size_t(rows); }
};

// Ellipses of tile t: entries[starts[t]] to entries[starts[t + 1]], near to far.
struct TileLists {
    std::vector<std::uint32_t> starts;
    std::vector<std::uint32_t> entries;

    // An ellipse in a tile, in the order of ellipses; scratch, kept from one call to the next.
    struct Touch {
        std::uint32_t tile, ellipse;
    };
    std::unique_ptr<Touch[]> touches;
    std::size_t touches_room = 0;
};

// Lists as many ellipses from number `from` on as make max_entries entries at most, but at least
// one of them, and returns the number of the first that it left. Tiles in `done` (one byte each)
// get none. The same for any number of threads. May throw std::bad_alloc.
std::size_t list_tiles(std::span<const Ellipse> ellipses, std::size_t from, const TileGrid& grid,
                       const std::vector<std::uint8_t>& done, std::size_t max_entries, int threads,
                       TileLists& lists);

}  // namespace generator

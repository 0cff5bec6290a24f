#include "generator/render/tiles.hpp"

#include "generator/parallel.hpp"
#include "generator/render/tile_walk.hpp"

#include <algorithm>
#include <utility>

namespace generator {
namespace {

// Not less than the number of tiles that it touches, and quick to tell.
std::size_t most_tiles(const Ellipse& e, const TileGrid& grid) {
    const auto along = [](float half, int tiles) {
        return std::size_t(std::min(half * (2.F / kTileSide) + 2.F, float(tiles)));
    };
    return along(e.half_width, grid.columns) * along(e.half_height, grid.rows);
}

// Consecutive ellipses that one thread takes at once. Their number depends on nothing but how many
// ellipses there are, so that the lists do not either.
struct Piece {
    std::size_t first, end;                  // ellipses
    std::size_t room;                        // number of their first touch
    std::size_t touches = 0;                 // how many they make
    std::vector<std::uint32_t> counts = {};  // of each tile; then where its next entry goes
};

constexpr std::size_t kPieces = 16;

std::vector<Piece> cut(std::span<const Ellipse> ellipses, std::size_t from, const TileGrid& grid,
                       std::size_t max_entries) {
    std::vector<std::size_t> rooms{0};  // after each ellipse
    std::size_t end = from;
    for (; end < ellipses.size(); ++end) {
        const auto room = rooms.back() + most_tiles(ellipses[end], grid);
        if (end > from && room > max_entries) break;
        rooms.push_back(room);
    }
    const std::size_t count = end - from, size = (count + kPieces - 1) / kPieces;
    std::vector<Piece> pieces;
    for (std::size_t first = 0; first < count; first += size)
        pieces.push_back({from + first, from + std::min(count, first + size), rooms[first]});
    // One more, empty, tells where all ends.
    pieces.push_back({end, end, rooms.back()});
    return pieces;
}

}  // namespace

std::size_t list_tiles(std::span<const Ellipse> ellipses, std::size_t from, const TileGrid& grid,
                       const std::vector<std::uint8_t>& done, std::size_t max_entries, int threads,
                       TileLists& lists) {
    auto pieces = cut(ellipses, from, grid, max_entries);
    const std::size_t end = pieces.back().end, room = pieces.back().room;
    pieces.pop_back();
    if (lists.touches_room < room) {
        lists.touches = std::make_unique_for_overwrite<TileLists::Touch[]>(room);
        lists.touches_room = room;
    }
    for (auto& piece : pieces) piece.counts.assign(grid.size(), 0);
    parallel_for(pieces.size(), threads, [&](std::size_t p) {
        auto& piece = pieces[p];
        auto* const first = lists.touches.get() + piece.room;
        auto* touch = first;
        for (std::size_t i = piece.first; i < piece.end; ++i)
            for_each_tile(ellipses[i], grid, [&](std::size_t tile) {
                if (done[tile]) return;
                ++piece.counts[tile];
                *touch++ = {std::uint32_t(tile), std::uint32_t(i)};
            });
        piece.touches = std::size_t(touch - first);
    });

    lists.starts.resize(grid.size() + 1);
    std::uint32_t total = 0;
    for (std::size_t tile = 0; tile < grid.size(); ++tile) {
        lists.starts[tile] = total;
        for (auto& piece : pieces) total += std::exchange(piece.counts[tile], total);
    }
    lists.starts.back() = total;
    lists.entries.resize(total);
    parallel_for(pieces.size(), threads, [&](std::size_t p) {
        auto& piece = pieces[p];
        const auto* touch = lists.touches.get() + piece.room;
        for (const auto* const last = touch + piece.touches; touch != last; ++touch)
            lists.entries[piece.counts[touch->tile]++] = touch->ellipse;
    });
    return end;
}

}  // namespace generator

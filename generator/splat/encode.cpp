#include "generator/splat/encode.hpp"

#include "generator/splat/selection.hpp"
#include "generator/splat/spz_pack.hpp"
#include "generator/splat/spz_write.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace generator {
namespace {

using Piece = Selection::Piece;

// One result on its way out: a piece at a time, to where its Gaussians lie in the payload.
struct Encoding {
    const Splats& splats;
    const Selection& selection;
    const SpzHeader& header;
    const SpzPlaces& places;
    AlphaRange range;

    void pack_but_positions(const Piece& piece) const {
        std::array<float, 4 * kSplatPiece> room;
        const auto kept = [&](const auto& values) {
            return selection.kept_of(values, piece, room.data());
        };
        const auto at = [&](SpzArray which) { return places.at(which, piece.place); };
        pack_opacities(kept(splats.opacity), range, at(SpzArray::alphas));
        pack_values(kept(splats.colour), kColourLine, at(SpzArray::colours));
        pack_scales(kept(splats.scale), selection.zoom(), at(SpzArray::scales));
        pack_turned_rotations(kept(splats.rotation), selection.side(), at(SpzArray::rotations));
    }

    void place(const Piece& piece) const {
        std::array<float, 3 * kSplatPiece> room, placed;
        const auto from = selection.kept_of(splats.position, piece, room.data());
        place_positions(from, {selection.side(), selection.zoom(), selection.mean()},
                        placed.data());
        pack_positions({placed.data(), from.size()}, spz_steps(header),
                       places.at(SpzArray::positions, piece.place));
    }
};

}  // namespace

EncodedSplats encode_spz(const Splats& splats, const ExportOptions& how,
                         const SpzOptions& options) {
    assert(options.fraction_bits >= 0 && options.fraction_bits <= 22);
    Team team(threads_for_pieces(options.threads, splats.size(), kSplatPiece));
    Selection selection(splats, how, team);
    if (selection.count() == 0) return {};
    SpzHeader header;
    header.count = std::uint32_t(selection.count());
    header.fraction_bits = std::uint8_t(options.fraction_bits);

    auto& workspace = SpzWorkspace::of_this_thread();
    const auto payload = workspace.payload(spz_payload_bytes(header));
    write_spz_header(header, payload.data());
    const SpzPlaces places(header, payload.data());
    const Encoding encoding{splats, selection, header, places, alpha_range(options)};
    const auto& pieces = selection.pieces();
    team.run(1 + pieces.size(), [&](std::size_t i) {
        if (i == 0)
            selection.find_mean();
        else
            encoding.pack_but_positions(pieces[i - 1]);
    });
    team.run(pieces.size(), [&](std::size_t i) { encoding.place(pieces[i]); });
    return {std::int64_t(header.count), workspace.compress(payload, options)};
}

}  // namespace generator

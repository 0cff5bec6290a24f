#include "generator/splat/export.hpp"

#include "generator/parallel.hpp"
#include "generator/splat/activation.hpp"
#include "generator/splat/selection.hpp"
#include "generator/splat/sized.hpp"
#include "generator/splat/spz_pack.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace generator {
namespace {

// What of a piece does not depend on the mean.
void store_but_positions(const Splats& splats, const Selection& selection,
                         const Selection::Piece& piece, StoredSplats& to) {
    std::array<float, 4 * kSplatPiece> room;
    const auto kept = [&](const auto& values) {
        return selection.kept_of(values, piece, room.data());
    };
    const auto colours = kept(splats.colour);
    std::copy(colours.begin(), colours.end(), to.colour[piece.place].data());
    const auto scales = kept(splats.scale);
    float* scale = to.log_scale[piece.place].data();
    for (const float each : scales) *scale++ = stored_scale(float(each * selection.zoom()));
    const auto rotations = kept(splats.rotation);
    for (std::size_t i = 0; i < piece.kept; ++i) {
        const float* q = rotations.data() + 4 * i;
        to.rotation[piece.place + i] = turned_rotation({q[0], q[1], q[2], q[3]}, selection.side());
    }
    const auto opacities = kept(splats.opacity);
    for (std::size_t i = 0; i < piece.kept; ++i)
        to.logit[piece.place + i] = stored_opacity(opacities[i]);
}

void store_positions(const Splats& splats, const Selection& selection,
                     const Selection::Piece& piece, StoredSplats& to) {
    if (piece.kept == 0) return;
    std::array<float, 3 * kSplatPiece> room;
    place_positions(selection.kept_of(splats.position, piece, room.data()),
                    {selection.side(), selection.zoom(), selection.mean()},
                    to.position[piece.place].data());
}

}  // namespace

ExportOptions trellis_options() {
    return {.up = Up::trellis, .size = 0, .centre = false, .margin = -1, .min_opacity = 0};
}

ExportOptions export_options(const config::Export& settings) {
    return {settings.up == "trellis" ? Up::trellis : Up::y, settings.size, settings.centre,
            settings.margin, settings.min_opacity};
}

StoredSplats export_splats(const Splats& splats, const ExportOptions& options) {
    Team team(threads_for_pieces(options.threads, splats.size(), kSplatPiece));
    Selection selection(splats, options, team);
    if (selection.count() == 0) return {};
    StoredSplats stored;
    resize(stored, selection.count(), team);
    const auto& pieces = selection.pieces();
    team.run(1 + pieces.size(), [&](std::size_t i) {
        if (i == 0)
            selection.find_mean();
        else if (pieces[i - 1].kept > 0)
            store_but_positions(splats, selection, pieces[i - 1], stored);
    });
    team.run(pieces.size(),
             [&](std::size_t i) { store_positions(splats, selection, pieces[i], stored); });
    return stored;
}

Splats import_splats(const StoredSplats& stored, Up up) {
    Splats splats{stored.position, stored.colour, stored.log_scale, stored.rotation, stored.logit};
    for (auto& scale : splats.scale)
        for (auto& value : scale) value = std::exp(value);
    for (auto& value : splats.opacity) value = 1 / (1 + std::exp(-value));
    const float side = up == Up::trellis ? -1.F : 1.F;
    for (auto& position : splats.position) position = turned_position(position, side);
    for (auto& rotation : splats.rotation) rotation = turned_rotation(rotation, side);
    return splats;
}

}  // namespace generator

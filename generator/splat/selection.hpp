// Which Gaussians leave the machine, and where they come to lie: what export_splats() and
// encode_spz() have in common. Private to splat/.
#pragma once

#include "generator/asset.hpp"
#include "generator/parallel.hpp"
#include "generator/splat/export.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace generator {

// Gaussians that one thread works on at a time.
inline constexpr std::size_t kSplatPiece = 4096;

struct Box {
    std::array<float, 3> low, high;
};

class Selection {
public:
    struct Piece {
        std::size_t begin = 0, end = 0;  // of all Gaussians
        std::size_t kept = 0;
        std::size_t place = 0;  // of its first, among those that are kept
        Box box{};              // of the centres of those
    };

    // Looks at all of them.
    Selection(const Splats& splats, const ExportOptions& how, Team& team);

    // In the order of the Gaussians, as the last bits of a sum depend on it: one chain of
    // additions, for one thread beside others' work. Before mean() is asked for.
    void find_mean();

    std::size_t count() const { return count_; }
    float side() const { return side_; }
    double zoom() const { return zoom_; }
    const std::array<double, 3>& mean() const { return mean_; }  // of turned centres
    const std::vector<Piece>& pieces() const { return pieces_; }

    // Those of a piece that are kept, one after the other: in place where they all are, else in
    // `room`, which holds kSplatPiece of them.
    template <std::size_t N>
    std::span<const float> kept_of(const std::vector<std::array<float, N>>& values,
                                   const Piece& piece, float* room) const {
        if (is_whole(piece)) return {values[piece.begin].data(), piece.kept * N};
        float* to = room;
        for (std::size_t i = piece.begin; i < piece.end; ++i)
            if (flags_[i]) to = std::copy_n(values[i].data(), N, to);
        return {room, to};
    }
    std::span<const float> kept_of(const std::vector<float>& values, const Piece& piece,
                                   float* room) const {
        if (is_whole(piece)) return {&values[piece.begin], piece.kept};
        float* to = room;
        for (std::size_t i = piece.begin; i < piece.end; ++i)
            if (flags_[i]) *to++ = values[i];
        return {room, to};
    }

private:
    static bool is_whole(const Piece& piece) { return piece.kept == piece.end - piece.begin; }

    const Splats& splats_;
    bool centres_;
    float side_;
    std::unique_ptr<std::uint8_t[]> flags_;
    std::vector<Piece> pieces_;
    std::size_t count_ = 0;
    double zoom_ = 1;
    std::array<double, 3> mean_{};
};

}  // namespace generator

#include "generator/render/project.hpp"

#include "generator/parallel.hpp"
#include "generator/render/projector.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace generator {
namespace {

struct Keyed {
    std::uint32_t key;  // the bits of a positive float rise with it
    std::uint32_t index;
};

// Stable, eleven bits at a time.
void sort_by_key(std::vector<Keyed>& keyed) {
    constexpr int kBits = 11;
    std::vector<Keyed> other(keyed.size());
    for (int shift = 0; shift < 32; shift += kBits) {
        std::array<std::uint32_t, 1 << kBits> starts{};
        const auto digit = [&](const Keyed& k) { return k.key >> shift & ((1U << kBits) - 1); };
        for (const Keyed& k : keyed) ++starts[digit(k)];
        std::uint32_t sum = 0;
        for (auto& start : starts) sum += std::exchange(start, sum);
        for (const Keyed& k : keyed) other[starts[digit(k)]++] = k;
        keyed.swap(other);
    }
}

}  // namespace

Projection project(const Gaussians& gaussians, const Camera& camera,
                   const RasterizeOptions& options, int threads) {
    constexpr std::size_t kPiece = 4096;
    const std::size_t count = gaussians.size();
    const std::size_t pieces = (count + kPiece - 1) / kPiece;
    const Projector projector(camera, options);
    Projection projection;
    const auto by_gaussian = std::make_unique_for_overwrite<Ellipse[]>(count);
    std::vector<Keyed> keyed(count);
    std::vector<std::size_t> kept(pieces);
    std::atomic<std::int64_t> not_numbers = 0;
    parallel_for(pieces, threads, [&](std::size_t piece) {
        const std::size_t first = piece * kPiece, end = std::min(count, first + kPiece);
        std::size_t to = first;
        std::int64_t unsound = 0;
        for (std::size_t i = first; i < end; ++i) {
            Ellipse& ellipse = by_gaussian[i];
            if (!is_sound(gaussians, i)) {
                ++unsound;
            } else if (projector(gaussians, i, ellipse)) {
                keyed[to++] = {std::bit_cast<std::uint32_t>(ellipse.z), std::uint32_t(i)};
            }
        }
        kept[piece] = to - first;
        not_numbers += unsound;
    });
    projection.not_numbers = not_numbers;

    std::size_t to = 0;
    for (std::size_t piece = 0; piece < pieces; ++piece) {
        const auto from = keyed.begin() + std::ptrdiff_t(piece * kPiece);
        std::copy(from, from + std::ptrdiff_t(kept[piece]), keyed.begin() + std::ptrdiff_t(to));
        to += kept[piece];
    }
    keyed.resize(to);
    sort_by_key(keyed);
    projection.order.resize(to);
    projection.ellipses = std::make_unique_for_overwrite<Ellipse[]>(to);
    parallel_for((to + kPiece - 1) / kPiece, threads, [&](std::size_t piece) {
        for (std::size_t i = piece * kPiece; i < std::min(to, (piece + 1) * kPiece); ++i) {
            projection.order[i] = keyed[i].index;
            projection.ellipses[i] = by_gaussian[keyed[i].index];
        }
    });
    return projection;
}

}  // namespace generator

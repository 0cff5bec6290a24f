#include "generator/splat/selection.hpp"

#include "generator/avx2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace generator {
namespace {

constexpr float kMost = std::numeric_limits<float>::max();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// As comparisons of floats that give what those of doubles do.
struct KeepLimits {
    KeepLimits(double margin, double min_opacity)
        : furthest(margin < 0 ? kMost : float(std::min<double>(0.5 + margin, kMost))),
          faintest(float(std::min<double>(min_opacity, kMost))) {
        if (margin >= 0 && double(furthest) > 0.5 + margin)
            furthest = std::nextafter(furthest, 0.F);
        if (double(faintest) < min_opacity) faintest = std::nextafter(faintest, kInfinity);
    }
    float furthest;  // of a coordinate's size
    float faintest;  // of an opacity
};

struct Sound {
    // position, colour, scale: three numbers each; rotation: four. Comparisons that a NaN fails.
    [[gnu::always_inline]] static void run(const float* position, const float* colour,
                                           const float* scale, const float* rotation,
                                           const float* opacity, std::size_t count,
                                           const KeepLimits* limits,
                                           std::uint8_t* __restrict flags) {
        const float furthest = limits->furthest, faintest = limits->faintest;
        for (std::size_t i = 0; i < count; ++i) {
            const float* p = position + 3 * i;
            const float* c = colour + 3 * i;
            const float* s = scale + 3 * i;
            const float* q = rotation + 4 * i;
            const float squares = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
            int sound = 1;
            for (int k = 0; k < 3; ++k) {
                sound &= std::abs(p[k]) <= furthest;
                sound &= std::abs(c[k]) <= kMost;
                sound &= s[k] > 0;
                sound &= s[k] <= kMost;
            }
            sound &= squares > 0;
            sound &= squares <= kMost;
            sound &= opacity[i] >= faintest;
            sound &= opacity[i] <= kMost;
            flags[i] = std::uint8_t(sound);
        }
    }
};

struct Boxed {
    [[gnu::always_inline]] static void run(const float* position, std::size_t count, Box* box) {
        float low[3] = {kInfinity, kInfinity, kInfinity};
        float high[3] = {-kInfinity, -kInfinity, -kInfinity};
        for (std::size_t i = 0; i < count; ++i) {
            for (std::size_t c = 0; c < 3; ++c) {
                const float v = position[3 * i + c];
                low[c] = v < low[c] ? v : low[c];
                high[c] = v > high[c] ? v : high[c];
            }
        }
        std::copy_n(low, 3, box->low.begin());
        std::copy_n(high, 3, box->high.begin());
    }
};

Box empty_box() {
    return {{kInfinity, kInfinity, kInfinity}, {-kInfinity, -kInfinity, -kInfinity}};
}

Box joined(const Box& a, const Box& b) {
    Box box = a;
    for (std::size_t c = 0; c < 3; ++c) {
        box.low[c] = std::min(a.low[c], b.low[c]);
        box.high[c] = std::max(a.high[c], b.high[c]);
    }
    return box;
}

// Sets flags[i] to 1 where a Gaussian is kept, else to 0; flags of all.
void look_at(const Splats& splats, const KeepLimits& limits, std::uint8_t* flags,
             Selection::Piece& piece) {
    const std::size_t begin = piece.begin, count = piece.end - begin;
    run_fastest<Sound>(splats.position[begin].data(), splats.colour[begin].data(),
                       splats.scale[begin].data(), splats.rotation[begin].data(),
                       &splats.opacity[begin], count, &limits, flags + begin);
    piece.kept = std::size_t(std::count(flags + begin, flags + piece.end, 1));
    piece.box = empty_box();
    if (piece.kept == count) {
        run_fastest<Boxed>(splats.position[begin].data(), count, &piece.box);
        return;
    }
    for (std::size_t i = begin; i < piece.end; ++i)
        if (flags[i]) piece.box = joined(piece.box, {splats.position[i], splats.position[i]});
}

}  // namespace

Selection::Selection(const Splats& splats, const ExportOptions& how, Team& team)
    : splats_(splats),
      centres_(how.centre),
      side_(how.up == Up::trellis ? 1.F : -1.F),
      flags_(std::make_unique_for_overwrite<std::uint8_t[]>(splats.size())),
      pieces_((splats.size() + kSplatPiece - 1) / kSplatPiece) {
    const KeepLimits limits(how.margin, how.min_opacity);
    team.run(pieces_.size(), [&](std::size_t i) {
        pieces_[i].begin = i * kSplatPiece;
        pieces_[i].end = std::min(splats.size(), (i + 1) * kSplatPiece);
        look_at(splats, limits, flags_.get(), pieces_[i]);
    });
    Box box = empty_box();
    for (auto& piece : pieces_) {
        piece.place = count_;
        count_ += piece.kept;
        box = joined(box, piece.box);
    }
    double side = 0;  // the same before the turn and after it
    for (std::size_t c = 0; c < 3; ++c)
        side = std::max(side, double(box.high[c]) - double(box.low[c]));
    if (how.size > 0 && side > 0) zoom_ = how.size / side;
}

void Selection::find_mean() {
    if (!centres_) return;
    std::array<double, 3> sum{};
    for (const Piece& piece : pieces_) {
        for (std::size_t i = piece.begin; i < piece.end; ++i) {
            if (!flags_[i]) continue;
            for (std::size_t c = 0; c < 3; ++c) sum[c] += splats_.position[i][c];
        }
    }
    const auto count = double(count_);
    mean_ = {sum[0] / count, -side_ * sum[2] / count, side_ * sum[1] / count};
}

}  // namespace generator

// The inner loop on vectors of kLanes floats. composite.cpp includes it once for each set of
// instructions, inside a namespace of its own; hence no guard, and no includes.

using Floats = float __attribute__((vector_size(4 * kLanes)));
using Bits = std::uint32_t __attribute__((vector_size(4 * kLanes)));
using Mask = std::int32_t __attribute__((vector_size(4 * kLanes)));

[[gnu::always_inline]] inline Floats all(float value) { return value - Floats{}; }

[[gnu::always_inline]] inline Floats& at(float* values) {
    return *reinterpret_cast<Floats*>(values);
}

// 2^-s for s >= 0, to 2e-7 of itself; what is below 2^-32 becomes that, and so does NaN. The
// polynomial interpolates (2^f - 1) / f at the Chebyshev points of [-0.5, 0.5].
[[gnu::always_inline]] inline Floats power_of_half(Floats s) {
    const Floats magic = all(12582912.0F);  // 1.5 * 2^23: adding it rounds to whole numbers
    Floats y = -s;
    y = y > all(-32) ? y : all(-32);
    const Floats shifted = y + magic;
    const Floats f = y - (shifted - magic);
    Floats p = all(1.5453163e-4F);
    p = p * f + all(1.3390863e-3F);
    p = p * f + all(9.6180826e-3F);
    p = p * f + all(5.5503571e-2F);
    p = p * f + all(2.4022651e-1F);
    p = p * f + all(6.9314719e-1F);
    p = p * f + all(1);
    return (Floats)((Bits)p + ((Bits)shifted << 23));
}

// kLanes pixels from `pixel` on. u: sheared distance of the first one; along_y: what the row adds.
[[gnu::always_inline]] inline void draw(Tile& tile, int pixel, const Ellipse& e, Floats u,
                                        float along_y) {
    Floats& transmittance = at(tile.transmittance + pixel);
    Floats& least_alpha = at(tile.least_alpha + pixel);
    Floats alpha = all(e.opacity) * power_of_half(all(e.across) * u * u + all(along_y));
    alpha = alpha < all(kAlphaMax) ? alpha : all(kAlphaMax);
    const Mask hit = alpha >= least_alpha;
    const Floats rest = transmittance * (all(1) - alpha);
    const Mask ends = hit & (rest <= all(kStop));
    const Mask drawn = hit & ~ends;
    const Floats weight = drawn ? alpha * transmittance : all(0);
    transmittance = drawn ? rest : transmittance;
    least_alpha = ends ? all(kNever) : least_alpha;
    at(tile.red + pixel) += weight * all(e.colour[0]);
    at(tile.green + pixel) += weight * all(e.colour[1]);
    at(tile.blue + pixel) += weight * all(e.colour[2]);
    at(tile.depth + pixel) += weight * all(e.z);
}

void composite(Tile& tile, const Ellipse* ellipses, std::span<const std::uint32_t> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i % kBlock == 0) {
            tile.open_rows = still_open(tile, tile.open_rows);
            if (tile.open_rows == 0) return;
        }
        const Ellipse& e = ellipses[entries[i]];
        const double x = tile.x - e.x, y = tile.y - e.y;
        const Span rows = span_of(y, e.half_height), columns = span_of(x, e.half_width);
        const int first_column = columns.first / kLanes * kLanes;
        for (int row = rows.first; row < rows.end; ++row) {
            if (!(tile.open_rows >> row & 1)) continue;
            const double dy = y + row;
            const float u = float(x - double(e.shear) * dy);
            const float along_y = float(double(e.down) * dy * dy);
            for (int column = first_column; column < columns.end; column += kLanes) {
                const Floats lanes = *reinterpret_cast<const Floats*>(kColumns + column);
                draw(tile, row * kTileSide + column, e, all(u) + lanes, along_y);
            }
        }
    }
    tile.open_rows = still_open(tile, tile.open_rows);
}

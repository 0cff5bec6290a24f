// The arithmetic of enhance.hpp, a row at a time. Private to image/.
#pragma once

#include <cstddef>
#include <cstdint>

namespace generator {

// A 3x3 kernel that is symmetric: a centre, its four neighbours, the four corners.
struct Kernel {
    float centre, side, corner;
};

// Three neighbouring rows of `bytes` bytes; a pixel has `channels`, at least three pixels a row.
struct RowsAbout {
    const std::uint8_t *above, *here, *below;
    std::size_t bytes;
    int channels;
};

// The filtered row; its outermost pixels stay as they are. scratch: three times `bytes` floats.
void filter_row(const RowsAbout& rows, const Kernel& kernel, float* scratch, std::uint8_t* out);

// The blend of the filtered row with the row itself; alpha, too.
void sharpen_row(const RowsAbout& rows, const Kernel& kernel, float factor, float* scratch,
                 std::uint8_t* out);

// In place: the blend of one value with each channel but alpha.
void stretch_row(std::uint8_t* row, std::size_t bytes, int channels, int about, float factor);

// In place: the blend of each pixel's luma with it; 3 or 4 channels.
void colour_row(std::uint8_t* row, std::size_t bytes, int channels, float factor);

// Brings alpha of `row` into `out`, where pixels have one: 2 and 4 channels.
void keep_alpha(const std::uint8_t* row, std::size_t bytes, int channels, std::uint8_t* out);

// Of the lumas; where a pixel has no colours, of its grey.
std::int64_t sum_of_luma(const std::uint8_t* row, std::size_t bytes, int channels);

}  // namespace generator

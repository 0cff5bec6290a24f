// Pictures that are small as files and large as pixels, or claim to be.
#pragma once

#include <cstdint>
#include <vector>

namespace endure {

using Bytes = std::vector<std::uint8_t>;

// Of one colour; all of its pixels are there. `orientation`, 1 to 8, as EXIF has it.
Bytes plain_png(std::uint32_t width, std::uint32_t height, int orientation = 1);
// Of six samples of 16 bits a pixel, in one tile that is twice as wide and high: all of it zero.
Bytes tiff_of_a_large_tile(std::uint32_t side);
// Of one bit a pixel, and all of them there: 2^15 by 2^15.
Bytes gigapixel_png();
// A small one behind texts that each inflate to 8 MB, as many as go into `bytes`.
Bytes png_of_texts(std::size_t bytes);
// A small progressive one whose header claims these sides.
Bytes claiming_jpeg(int side);

}  // namespace endure

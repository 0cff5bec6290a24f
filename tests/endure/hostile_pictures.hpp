// Pictures that are small as files and large as pixels, or claim to be.
#pragma once

#include <cstdint>
#include <vector>

namespace endure {

using Bytes = std::vector<std::uint8_t>;

// Of one colour; all of its pixels are there. `orientation`, 1 to 8, as EXIF has it.
Bytes plain_png(std::uint32_t side, int orientation = 1);
// Of one bit a pixel, and all of them there: 2^15 by 2^15.
Bytes gigapixel_png();
// A small one behind texts that each inflate to 8 MB, as many as go into `bytes`.
Bytes png_of_texts(std::size_t bytes);
// A small progressive one whose header claims these sides.
Bytes claiming_jpeg(int side);

}  // namespace endure

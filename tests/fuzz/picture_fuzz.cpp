// Pictures of validators: PNG, JPEG, WebP, GIF, BMP, TIFF.
#include "generator/image/decode.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto image = generator::decode({data, size}, {.max_pixels = 1 << 20});
    if (image)
        fuzz::require(image->pixels.size() == std::size_t(image->width) *
                                                  std::size_t(image->height) *
                                                  std::size_t(image->channels));
    return 0;
}

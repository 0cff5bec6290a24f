// Which way up a picture is: EXIF, XMP and text chunks of JPEG, PNG, WebP and TIFF.
#include "generator/image/exif.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const int orientation = generator::orientation_of({data, size});
    fuzz::require(orientation >= 1 && orientation <= 8);
    return 0;
}

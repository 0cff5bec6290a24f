#include "generator/image/exif.hpp"

#include "generator/image/decode.hpp"
#include "tests/generator/golden_files.hpp"
#include "tests/support/catch.hpp"

#include <zlib.h>

using generator::Image;
using tests::Bytes;

namespace {

// A picture of 2 x 3 whose pixels tell where they were.
Image stored() {
    Image image{2, 3, 4, {}};
    for (int i = 0; i < 6; ++i)
        image.pixels.insert(image.pixels.end(), {std::uint8_t(i), 0, 0, 255});
    return image;
}

std::vector<int> turned(int orientation) {
    const Image image = generator::apply_orientation(stored(), orientation);
    CHECK(image.width == (orientation >= 5 ? 3 : 2));
    CHECK(image.height == (orientation >= 5 ? 2 : 3));
    std::vector<int> order;
    for (std::size_t i = 0; i < image.pixels.size(); i += 4) order.push_back(image.pixels[i]);
    return order;
}

Bytes tiff(bool is_little, int orientation) {
    const std::uint8_t value = std::uint8_t(orientation);
    if (is_little) {
        return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, value, 0, 0, 0};
    }
    return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0};
}

void append(Bytes& to, const Bytes& from) {
    for (const auto byte : from) to.push_back(byte);
}

Bytes jpeg_with(const Bytes& exif) {
    Bytes file = {0xFF, 0xD8, 0xFF, 0xE1, 0, std::uint8_t(exif.size() + 8),
                  'E',  'x',  'i',  'f',  0, 0};
    append(file, exif);
    append(file, {0xFF, 0xD9});
    return file;
}

Bytes png_with(const Bytes& exif) {
    Bytes file = {0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, std::uint8_t(exif.size())};
    append(file, {'e', 'X', 'I', 'f'});
    append(file, exif);
    append(file, {0, 0, 0, 0});
    return file;
}

Bytes webp_with(const Bytes& exif) {
    Bytes file = {'R', 'I', 'F', 'F', 60,  0,   0,
                  0,   'W', 'E', 'B', 'P', 'V', 'P',
                  '8', 'X', 10,  0,   0,   0,   8,
                  0,   0,   0,   0,   0,   0,   0,
                  0,   0,   'E', 'X', 'I', 'F', std::uint8_t(exif.size()),
                  0,   0,   0};
    append(file, exif);
    return file;
}

}  // namespace

TEST_CASE("each orientation puts every pixel where a person would see it") {
    CHECK(turned(1) == std::vector{0, 1, 2, 3, 4, 5});
    CHECK(turned(2) == std::vector{1, 0, 3, 2, 5, 4});
    CHECK(turned(3) == std::vector{5, 4, 3, 2, 1, 0});
    CHECK(turned(4) == std::vector{4, 5, 2, 3, 0, 1});
    CHECK(turned(5) == std::vector{0, 2, 4, 1, 3, 5});
    CHECK(turned(6) == std::vector{4, 2, 0, 5, 3, 1});
    CHECK(turned(7) == std::vector{5, 3, 1, 4, 2, 0});
    CHECK(turned(8) == std::vector{1, 3, 5, 0, 2, 4});
}

TEST_CASE("the orientation is found in JPEG, PNG and WebP, in both byte orders") {
    for (const bool is_little : {true, false}) {
        for (int orientation = 1; orientation <= 8; ++orientation) {
            const Bytes exif = tiff(is_little, orientation);
            CHECK(generator::orientation_of(jpeg_with(exif)) == orientation);
            CHECK(generator::orientation_of(png_with(exif)) == orientation);
            CHECK(generator::orientation_of(webp_with(exif)) == orientation);
        }
    }
    CHECK(generator::orientation_of(tests::golden("pillow/decode/exif_orientation6_q85.jpg")) == 6);
    CHECK(generator::orientation_of(tests::golden("pillow/decode/rgb_icc.png")) == 1);
}

TEST_CASE("of texts in a PNG that are too long, or no zlib stream, nothing is taken") {
    const std::string keyword("Raw profile type exif\0\0", 23);
    const auto png = [&](const std::string& deflated) {
        Bytes file = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
        const auto body = keyword + deflated;
        append(file, {0, 0, std::uint8_t(body.size() >> 8), std::uint8_t(body.size()), 'z', 'T',
                      'X', 't'});
        append(file, {body.begin(), body.end()});
        append(file, {0, 0, 0, 0});
        return file;
    };
    const auto deflated = [](const std::string& text) {
        uLongf size = compressBound(text.size());
        std::string out(size, '\0');
        compress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(text.data()), text.size());
        return out.substr(0, size);
    };
    std::string digits = "\nexif\n      22\n";
    for (const int byte : tiff(true, 6)) {
        digits += "0123456789abcdef"[byte >> 4];
        digits += "0123456789abcdef"[byte & 15];
    }
    CHECK(generator::orientation_of(png(deflated(digits))) == 6);
    CHECK(generator::orientation_of(png(deflated(digits + std::string(900'000, '\n')))) == 6);
    CHECK(generator::orientation_of(png(deflated(digits + std::string(2'000'000, '\n')))) == 1);
    CHECK(generator::orientation_of(png("no zlib")) == 1);
    CHECK(generator::orientation_of(png(deflated(digits + "xyz"))) == 1);
    CHECK(generator::orientation_of(png(deflated("\nexif\n"))) == 1);
    CHECK(generator::orientation_of(png("")) == 1);
}

TEST_CASE("a broken or lying EXIF block means upright") {
    CHECK(generator::orientation_of(jpeg_with(tiff(true, 9))) == 1);
    CHECK(generator::orientation_of(jpeg_with({})) == 1);
    Bytes far = tiff(true, 6);
    far[4] = 0xFF, far[7] = 0xFF;  // directory beyond the block
    CHECK(generator::orientation_of(jpeg_with(far)) == 1);
    Bytes many = tiff(true, 6);
    many[8] = 0xFF, many[9] = 0xFF, many[10] = 0;  // more entries than there are, none of ours
    CHECK(generator::orientation_of(jpeg_with(many)) == 1);
    for (const Bytes& file :
         {jpeg_with(tiff(true, 6)), png_with(tiff(true, 6)), webp_with(tiff(true, 6))}) {
        // Its last byte that counts, somewhere before the end, turns the picture for good.
        int before = 1;
        for (std::size_t size = 0; size <= file.size(); ++size) {
            const int orientation = generator::orientation_of({file.data(), size});
            CHECK((orientation == before || (before == 1 && orientation == 6 && size > 22)));
            before = orientation;
        }
        CHECK(before == 6);
    }
}

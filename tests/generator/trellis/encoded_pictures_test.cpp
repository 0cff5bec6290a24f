#include "generator/trellis/encoded_pictures.hpp"

#include "tests/support/catch.hpp"

#include <stdexcept>

#include <ATen/ATen.h>

namespace {

generator::Image grey(std::uint8_t level) { return {1, 1, 3, {level, level, level}}; }

}  // namespace

TEST_CASE("a picture that came lately is not encoded again, each one has its own") {
    generator::EncodedPictures pictures;
    int encoded = 0;
    const auto get = [&](std::uint8_t level) {
        return pictures
            .get(grey(level),
                 [&](const generator::Image& image) {
                     ++encoded;
                     return at::full({1}, int(image.pixels[0]), at::kInt);
                 })
            .item<int>();
    };
    for (const int level : {1, 2, 3, 1, 2, 3, 3, 1}) CHECK(get(std::uint8_t(level)) == level);
    CHECK(encoded == 3);
    CHECK(get(4) == 4);  // in the place of the first
    CHECK(get(3) == 3);
    CHECK(encoded == 4);
    CHECK(get(1) == 1);
    CHECK(encoded == 5);
}

TEST_CASE("a picture whose encoding fails is encoded when it comes again") {
    generator::EncodedPictures pictures;
    const auto fails = [](const generator::Image&) -> at::Tensor {
        throw std::runtime_error("no memory");
    };
    CHECK_THROWS(pictures.get(grey(7), fails));
    CHECK(pictures.get(grey(7), [](const auto&) { return at::ones({1}); }).item<float>() == 1);
}

#include "miner/generation/remote_picture.hpp"

#include "generator/image/decode.hpp"
#include "generator/image/mask.hpp"
#include "generator/image/prepare.hpp"
#include "miner/generation/generation_config.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace {

// Of which no two rows or columns are alike.
generator::Image picture(int width, int height, std::uint8_t alpha) {
    generator::Image image{width, height, 4, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (const int value : {x * 7 + y, y * 5, x * y, int(x > 9 ? 255 : alpha)})
                image.pixels.push_back(std::uint8_t(value));
    return image;
}

generator::Image sent(const generator::Image& image, std::size_t bytes = 1000) {
    return generator::decode(miner::smaller_for_remote(image, bytes).value()).value();
}

}  // namespace

TEST_CASE("a picture that another miner takes goes there as it is") {
    CHECK_FALSE(miner::smaller_for_remote(picture(2000, 1200, 255), 8 << 20));
    CHECK(miner::smaller_for_remote(picture(2001, 1200, 255), 1000));
    CHECK(miner::smaller_for_remote(picture(20, 10, 255), (8 << 20) + 1));
}

TEST_CASE("a photograph goes as what cutting out its object begins with, to the same splats") {
    const auto photograph = picture(2400, 1100, 255);
    const auto small = sent(photograph);
    CHECK(small.width == 1024);
    CHECK(small.height == 469);
    CHECK(generator::without_alpha(small).pixels == generator::without_alpha(photograph).pixels);
}

TEST_CASE("a picture that is too long for another miner goes there as one that it takes") {
    const auto limits =
        miner::read_generation_config(config::Settings(), miner::Pictures::of_others)
            .value()
            .picture_limits;
    CHECK_FALSE(miner::smaller_for_remote(picture(int(limits.max_side), 10, 255), 1000));
    for (const auto alpha : {std::uint8_t(0), std::uint8_t(255)}) {
        const auto panorama = picture(10'000, 200, alpha), tower = picture(200, 10'000, alpha);
        for (const auto* each : {&panorama, &tower}) {
            CHECK(generator::decode(generator::encode_png(*each), limits).has_error());
            const auto smaller = miner::smaller_for_remote(*each, 1000);
            REQUIRE(smaller);
            const auto taken = generator::decode(*smaller, limits);
            REQUIRE(taken.has_value());
            CHECK(std::max(taken->width, taken->height) == 1024);
            CHECK(std::min(taken->width, taken->height) == 20);
        }
    }
}

TEST_CASE("a picture that is cut out stays so when it is made smaller") {
    const auto small = sent(picture(1100, 2400, 0));
    CHECK(small.width == 469);
    CHECK(small.height == 1024);
    CHECK(generator::has_cutout(small));
    // One that is large in bytes alone keeps its pixels.
    const auto few = picture(30, 20, 0);
    CHECK(sent(few, 9 << 20).pixels == few.pixels);
}

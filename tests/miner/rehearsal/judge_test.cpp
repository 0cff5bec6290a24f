#include "miner/rehearsal/judge.hpp"
#include "generator/image/decode.hpp"
#include "generator/render/rasterize.hpp"
#include "generator/splat/scene.hpp"
#include "generator/splat/spz.hpp"
#include "miner/rehearsal/likeness.hpp"
#include "network/base64.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

using generator::Image;
using miner::judge_spz;
using miner::judged_by;
using miner::JudgedBy;

namespace {

constexpr std::int64_t kGate = 16'000;

// A tall red box with a blue knob at its right, y up: 20 * 40 * 20 Gaussians, no two sides alike.
generator::StoredSplats thing() {
    generator::Splats splats;
    for (int x = 0; x < 20; ++x)
        for (int y = 0; y < 40; ++y)
            for (int z = 0; z < 20; ++z) {
                const bool knob = y >= 30;
                splats.position.push_back(
                    {0.02F * float(x) + (knob ? 0.3F : 0.0F), 0.02F * float(y), 0.02F * float(z)});
                // RGB = 0.5 + 0.282 * colour
                splats.colour.push_back(knob ? std::array<float, 3>{-1.5F, -1.5F, 1.5F}
                                             : std::array<float, 3>{1.5F, -1.5F, -1.5F});
                splats.scale.push_back({0.012F, 0.012F, 0.012F});
                splats.rotation.push_back({0.9F, 0.1F, 0, 0});
                splats.opacity.push_back(0.9F);
            }
    return generator::store(splats);
}

// What the validator's camera sees, as a picture file would have it.
Image photograph(const generator::StoredSplats& splats, int view) {
    auto orbit = generator::validator_orbit(view);
    orbit.width = orbit.height = 200;
    const auto scene = generator::validator_scene(splats);
    const auto seen =
        generator::rasterize(generator::gaussians(scene, splats.rotation),
                             generator::orbit_camera(orbit), {.background = {0, 0, 0}});
    REQUIRE(seen.has_value());
    Image image{200, 200, 4, {}};
    for (std::size_t i = 0; i < seen->alpha.size(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float straight = seen->colour[3 * i + c] / std::max(seen->alpha[i], 1e-6F);
            image.pixels.push_back(std::uint8_t(std::clamp(straight, 0.0F, 1.0F) * 255));
        }
        image.pixels.push_back(std::uint8_t(std::min(seen->alpha[i], 1.0F) * 255));
    }
    return image;
}

network::Task task_of(const Image& picture) {
    return {network::TaskKind::image, "t", network::base64_encode(generator::encode_png(picture))};
}

double score(const network::Task& task, std::int64_t gate = kGate) {
    const auto verdict = judge_spz(task, generator::write_spz(thing()), {}, gate);
    CHECK(verdict.reason.empty());
    return verdict.score;
}

Image painted(Image image, std::array<std::size_t, 3> from) {
    for (std::size_t i = 0; i < image.pixels.size(); i += 4) {
        const std::array<std::uint8_t, 3> old = {image.pixels[i], image.pixels[i + 1],
                                                 image.pixels[i + 2]};
        for (std::size_t c = 0; c < 3; ++c) image.pixels[i + c] = old[from[c]];
    }
    return image;
}

}  // namespace

TEST_CASE("a result that looks like its picture from one of the validator's places scores high") {
    for (const int view : {0, 3, 11}) CHECK(score(task_of(photograph(thing(), view))) > 0.95);
}

TEST_CASE("another colour and another shape score less") {
    const auto picture = photograph(thing(), 3);
    const auto right = score(task_of(picture));
    CHECK(score(task_of(painted(picture, {2, 1, 0}))) < right - 0.2);  // red for blue
    auto cropped = picture;
    for (std::size_t i = cropped.pixels.size() / 2 + 3; i < cropped.pixels.size(); i += 4)
        cropped.pixels[i] = 0;
    CHECK(score(task_of(cropped)) < right - 0.2);
}

TEST_CASE("a picture of one's own is judged by likeness, whatever the count") {
    const auto task = task_of(photograph(thing(), 3));
    CHECK(score(task, 100 * kGate) == score(task, kGate));
}

TEST_CASE("where there is nothing to compare with, counts alone decide") {
    const network::Task text{network::TaskKind::text, "t", "a red box"};
    CHECK(score(text) == Approx(1));
    CHECK(score(text, 2 * kGate) == Approx(0.5));
    auto opaque = photograph(thing(), 3);
    for (std::size_t i = 3; i < opaque.pixels.size(); i += 4) opaque.pixels[i] = 255;
    CHECK(score(task_of(opaque)) == Approx(1));
    CHECK(score({network::TaskKind::image, "t", "no base64"}) == Approx(1));
    // And that is said of such a score.
    CHECK(judged_by(text, {}) == JudgedBy::density);
    CHECK(judged_by(task_of(opaque), {}) == JudgedBy::density);
    CHECK(judged_by({network::TaskKind::image, "t", "no base64"}, {}) == JudgedBy::density);
    CHECK(judged_by(task_of(photograph(thing(), 3)), {}) == JudgedBy::likeness);
}

TEST_CASE("what the validator refuses scores nothing, with the reason") {
    const network::Task text{network::TaskKind::text, "t", "a red box"};
    auto bytes = generator::write_spz(thing());
    bytes.resize(bytes.size() / 2);
    const auto half = judge_spz(text, bytes, {}, kGate);
    CHECK(half.score == 0);
    CHECK_FALSE(half.reason.empty());
    auto few = thing();
    few.resize(6'999);
    const auto sparse = judge_spz(text, generator::write_spz(few), {}, kGate);
    CHECK(sparse.score == 0);
    CHECK_FALSE(sparse.reason.empty());
}

TEST_CASE("where the object is known, the task's picture and the count do not matter") {
    miner::TrueViews truth;
    for (int i = 0; i < miner::kTrueViews; ++i) truth.views.push_back(photograph(thing(), 2 * i));
    const std::vector objects{truth};
    const auto spz = generator::write_spz(thing());
    const auto picture = task_of(painted(photograph(thing(), 3), {2, 1, 0}));
    const network::Task text{network::TaskKind::text, "t", "a green ball"};
    for (const auto& task : {picture, text}) {
        CHECK(judged_by(task, objects) == JudgedBy::truth);
        CHECK(judge_spz(task, spz, objects, kGate).score > 0.95);
        CHECK(judge_spz(task, spz, objects, 100 * kGate).score ==
              judge_spz(task, spz, objects, kGate).score);
    }
    // What the validator refuses is refused, whatever it shows.
    auto few = thing();
    few.resize(6'999);
    CHECK(judge_spz(text, generator::write_spz(few), objects, kGate).score == 0);
}

TEST_CASE("likeness does not ask for place and size") {
    Image small{40, 40, 4, std::vector<std::uint8_t>(40 * 40 * 4, 0)};
    Image large{160, 160, 4, std::vector<std::uint8_t>(160 * 160 * 4, 0)};
    const auto fill = [](Image& image, int left, int top, int width, int height) {
        for (int y = top; y < top + height; ++y)
            for (int x = left; x < left + width; ++x)
                for (int c = 0; c < 4; ++c)
                    image.pixels[(std::size_t(y) * image.width + x) * 4 + c] = c == 1 ? 40 : 255;
    };
    fill(small, 3, 20, 16, 8);
    fill(large, 60, 10, 64, 32);
    CHECK(*miner::likeness(small, large) == Approx(1));
    Image square = small;
    fill(square, 3, 20, 16, 16);
    CHECK(*miner::likeness(square, large) == Approx(2.0 / 3));
    CHECK_FALSE(miner::likeness(Image{40, 40, 4, std::vector<std::uint8_t>(6400, 0)}, large));
    CHECK_FALSE(miner::likeness(Image{40, 40, 4, std::vector<std::uint8_t>(6400, 255)}, large));
}

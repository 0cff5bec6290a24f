#include "miner/rehearsal/truth.hpp"
#include "generator/image/decode.hpp"
#include "generator/splat/spz.hpp"
#include "miner/rehearsal/judge.hpp"
#include "miner/rehearsal/pictures.hpp"
#include "miner/rehearsal/prompts.hpp"
#include "tests/support/boxes.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <functional>
#include <random>

using generator::Splats;
using miner::embedded_truth;
using miner::read_true_views;
using miner::truth_score;
using tests::chair;

namespace {

constexpr double kAccepted = 0.6;

generator::StoredSplats exported(const Splats& splats) { return generator::export_splats(splats); }

double score(const Splats& splats, std::vector<int> objects = {28}) {
    return truth_score(exported(splats), embedded_truth(objects));
}

Splats kept(const Splats& splats, const std::function<bool(std::size_t)>& keep) {
    Splats some;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (!keep(i)) continue;
        some.position.push_back(splats.position[i]);
        some.colour.push_back(splats.colour[i]);
        some.scale.push_back(splats.scale[i]);
        some.rotation.push_back(splats.rotation[i]);
        some.opacity.push_back(splats.opacity[i]);
    }
    return some;
}

Splats moved(Splats splats, const std::function<void(std::array<float, 3>&)>& move) {
    for (auto& position : splats.position) move(position);
    return splats;
}

std::vector<std::uint8_t> strip(int width, int height,
                                const std::function<std::uint8_t(int x, int y)>& alpha) {
    generator::Image image{width, height, 4, {}};
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            image.pixels.insert(image.pixels.end(), {200, 100, 0, alpha(x, y)});
    return generator::encode_png(image);
}

}  // namespace

TEST_CASE("an object in its own shape, colours and directions scores high") {
    CHECK(score(chair()) > 0.75);
}

TEST_CASE("what is not the object, or not all of it, would not be accepted") {
    const auto good = chair();
    auto discoloured = good;
    for (auto& colour : discoloured.colour) std::swap(colour[0], colour[2]);
    CHECK(score(discoloured) < kAccepted);
    CHECK(score(good, {15}) < kAccepted);  // asked for was a red car
    std::minstd_rand random;
    std::uniform_real_distribution<float> shift(-0.15F, 0.15F);
    CHECK(score(moved(good, [&](auto& p) {
              for (auto& v : p) v += shift(random);
          })) < kAccepted);
    CHECK(score(kept(good, [&](std::size_t) { return random() % 4 == 0; })) < kAccepted);
    // What is right from some sides only: seen from the side, half a chair is a whole one.
    CHECK(score(kept(good, [&](std::size_t i) { return good.position[i][0] > 0; })) < kAccepted);
}

TEST_CASE("an object that stands on its head or looks elsewhere is not the object") {
    const auto good = chair();
    CHECK(score(moved(good, [](auto& p) { p[2] = -p[2]; })) < kAccepted);
    CHECK(score(moved(good, [](auto& p) { p[1] = -p[1]; })) < kAccepted);
    CHECK(score(moved(good, [](auto& p) { std::swap(p[0], p[1]); })) < kAccepted);
}

TEST_CASE("of several objects that are right the one that is shown best counts") {
    const auto good = chair();
    CHECK(score(good, {15, 28}) == score(good, {28}));
    CHECK(score(good, {28, 15}) == score(good, {28}));
    CHECK(score(good, {}) == 0);
}

TEST_CASE("a prompt's result is judged by the objects that its words fit") {
    const auto spz = generator::write_spz(exported(chair()));
    int chairs = 0;
    for (const auto& prompt : miner::embedded_prompts()) {
        const network::Task task{network::TaskKind::text, "t", prompt.words};
        const auto truth = embedded_truth(prompt.objects);
        CHECK(miner::judged_by(task, truth) == miner::JudgedBy::truth);
        const auto verdict = miner::judge_spz(task, spz, truth, 1);
        CHECK(verdict.reason.empty());
        const bool is_chair = prompt.words == "a cyan chair with a blue seat";
        chairs += is_chair;
        INFO(prompt.words);
        CHECK((verdict.score > kAccepted) == is_chair);
    }
    CHECK(chairs == 1);
}

TEST_CASE("equal splats get equal scores, to the bit") {
    const auto splats = exported(chair());
    const std::vector<int> objects{28};
    const double first = truth_score(splats, embedded_truth(objects));
    for (int i = 0; i < 3; ++i) CHECK(truth_score(splats, embedded_truth(objects)) == first);
}

TEST_CASE("splats of which nothing can be seen score nothing") {
    auto splats = chair();
    for (auto& opacity : splats.opacity) opacity = 0.004F;
    CHECK(score(splats) == 0);
    CHECK(score(Splats{}) == 0);
}

TEST_CASE("the object behind every embedded picture and prompt is known") {
    const auto pictures = miner::embedded_pictures();
    REQUIRE_FALSE(pictures.empty());
    for (const auto& picture : pictures) {
        INFO(picture.name);
        REQUIRE(picture.objects.size() == 1);
        CHECK(embedded_truth(picture.objects).size() == 1);
    }
    const auto prompts = miner::embedded_prompts();
    REQUIRE_FALSE(prompts.empty());
    for (const auto& prompt : prompts) {
        INFO(prompt.words);
        REQUIRE_FALSE(prompt.objects.empty());
        CHECK(embedded_truth(prompt.objects).size() == prompt.objects.size());
    }
    CHECK(embedded_truth(std::vector<int>{-1}).empty());
}

TEST_CASE("a strip is a row of eight squares with silhouettes, and anything else is refused") {
    const auto ball = [](int x, int y) { return std::uint8_t(x % 20 > 4 && y > 4 ? 255 : 0); };
    const auto read = read_true_views(strip(160, 20, ball));
    REQUIRE(read.has_value());
    REQUIRE(read->views.size() == miner::kTrueViews);
    for (const auto& view : read->views) {
        CHECK(view.width == 20);
        CHECK(view.height == 20);
        CHECK(view.pixels == read->views.front().pixels);
    }
    CHECK_FALSE(read_true_views({}).has_value());
    CHECK_FALSE(read_true_views(strip(140, 20, ball)).has_value());
    CHECK_FALSE(read_true_views(strip(160, 21, ball)).has_value());
    const auto opaque = read_true_views(strip(160, 20, [](int, int) { return 255; }));
    CHECK_FALSE(opaque.has_value());
    CHECK(opaque.error().message().find("silhouette") != std::string::npos);
    CHECK_FALSE(read_true_views(strip(160, 20, [&](int x, int y) {
                    return x < 140 ? ball(x, y) : std::uint8_t(0);
                })).has_value());
}

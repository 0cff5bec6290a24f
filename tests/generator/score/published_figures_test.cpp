// The only figures that are published for the validator's score: its own tests, on hamburger.ply.
// They need the published weights: MINER_SCORER_WEIGHTS names the folder.
#include "generator/image/decode.hpp"
#include "generator/render/camera.hpp"
#include "generator/render/picture.hpp"
#include "generator/render/rasterize.hpp"
#include "generator/score/scorer.hpp"
#include "generator/splat/scene.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace generator;

namespace {

std::vector<std::uint8_t> read(const std::string& golden) {
    std::ifstream in(tests::project_path("tests/golden/gsplat/" + golden), std::ios::binary);
    return std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {});
}

struct Place {
    int side;  // pixels
    double radius, box;
};

std::vector<Image> views_from(const Place& place) {
    const auto splats = read_ply(read("hamburger.ply")).value();
    const auto scene = validator_scene(splats, place.box);
    std::vector<Image> views;
    for (int i = 0; i + 1 < kValidatorViews; ++i) {
        auto orbit = validator_orbit(i);
        orbit.width = orbit.height = place.side;
        orbit.radius = place.radius;
        views.push_back(
            to_picture(rasterize(gaussians(scene, splats.rotation), orbit_camera(orbit)).value()));
    }
    return views;
}

// Empty, with a message, where there are no weights for this.
std::unique_ptr<Scorer> open_if_there(const char* part) {
    const char* folder = std::getenv("MINER_SCORER_WEIGHTS");
    if (!folder || !*folder) {
        WARN("not tested: MINER_SCORER_WEIGHTS names no folder with the published weights");
        return nullptr;
    }
    if (!std::filesystem::exists(std::string(folder) + "/" + part)) {
        WARN("not tested: no " << part << "/ in " << folder);
        return nullptr;
    }
    ScorerOptions options;
    options.folder = folder;
    options.dtype = "fp32";
    auto scorer = open_published_scorer(options);
    INFO((scorer.has_error() ? scorer.error().message() : ""));
    REQUIRE(scorer.has_value());
    return std::move(*scorer);
}

Score score_of(Scorer& scorer, const Place& place, const ScoreCondition& condition) {
    const auto query = scorer.ask(condition);
    INFO((query.has_error() ? query.error().message() : ""));
    REQUIRE(query.has_value());
    const auto score = scorer.score(views_from(place), **query).value();
    UNSCOPED_INFO("iqa " << score.iqa << ", alignment " << score.alignment << ", ssim "
                         << score.ssim << ", lpips " << score.lpips << ", score " << score.total);
    return score;
}

}  // namespace

TEST_CASE("published weights give the hamburger the validator's quality") {
    const auto scorer = open_if_there("quality");
    if (!scorer) return;
    const auto score = score_of(*scorer, {518, 2.5, 1.5}, Prompt{"a hamburger"});
    CHECK(score.iqa > 0.832);
}

TEST_CASE("published weights find the hamburger in its prompt") {
    const auto scorer = open_if_there("text");
    if (!scorer) return;
    const auto score = score_of(*scorer, {518, 3, 1}, Prompt{"a hamburger"});
    CHECK(score.iqa > 0.8);
    CHECK(score.alignment > 0.75);
    CHECK(score.ssim > 0.9);
    CHECK((score.lpips > 0.9 || !scorer->info().has_lpips));
    CHECK(score.total > 0.8);
}

TEST_CASE("published weights find the hamburger in its picture") {
    const auto scorer = open_if_there("picture");
    if (!scorer) return;
    const auto picture = decode_for_score(read("hamburger_upstream_1080.png")).value();
    const auto score = score_of(*scorer, {336, 3, 1}, picture);
    CHECK(score.iqa > 0.8);
    CHECK(score.alignment > 0.86);
    CHECK(score.ssim > 0.92);
    CHECK((score.lpips > 0.95 || !scorer->info().has_lpips));
    CHECK(score.total > 0.83);
}

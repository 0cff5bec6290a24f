// The validator's scorer on the GPU against the goldens that the reference made on a CPU.
#include "generator/score/scorer.hpp"

#include "generator/render/validator_views_cuda.hpp"
#include "generator/score/formula.hpp"
#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

using namespace generator;
using tests::near;
using tests::number;
using tests::ScoreGolden;

namespace {

// The CPU's tolerances are 1e-5, and 5e-5 for LPIPS; on a GPU sums are in another order, and
// convolutions may be computed as Winograd has them.
constexpr double kFp32 = 5e-5;
// Of the total. fp16 is what the validator itself has in part; bf16 rounds eight times as coarsely,
// and is 0.0061 off on a CPU.
constexpr double kFp16 = 0.005, kBf16 = 0.01;

ScorerOptions on_gpu(const std::string& folder, const std::string& dtype) {
    auto options = tests::score_options(folder);
    options.device = "cuda";
    options.dtype = dtype;
    return options;
}

ScoreCondition asked_in(const ScoreGolden& golden, const boost::json::value& row) {
    if (row.at("text").is_null()) return golden.picture(std::string(row.at("picture").as_string()));
    return Prompt{golden.tokens.at(std::size_t(row.at("text").as_int64())).prompt};
}

// A turning, coloured cone of small Gaussians.
StoredSplats cone() {
    constexpr int kCount = 100'000;
    StoredSplats splats;
    splats.resize(kCount);
    for (std::size_t i = 0; i < kCount; ++i) {
        const float z = float(i) / kCount - 0.5F, angle = 2.4F * float(i);
        const float radius = 0.3F * (0.5F - z);
        splats.position[i] = {radius * std::cos(angle), z, radius * std::sin(angle)};
        splats.colour[i] = {std::sin(9 * z), std::cos(angle), std::sin(angle)};
        splats.log_scale[i] = {-5.5F, -5.5F, -5.5F};
        splats.rotation[i] = {1, z, 0, 0};
        splats.logit[i] = 2;
    }
    return splats;
}

struct Case {
    std::string name, views;
    boost::json::value row;
    Score score;
};

// All cases of a folder but those that put NaN into a weight, which no file may hold.
std::vector<Case> scored(const std::string& folder, const std::string& dtype) {
    const ScoreGolden golden(folder);
    const auto plain = std::move(open_published_scorer(on_gpu(folder, dtype)).value());
    std::map<std::string, std::vector<Image>> sets;
    std::vector<Case> cases;
    const auto rows = tests::read_json(folder + "/cases.json");
    for (const auto& row : rows.as_array()) {
        const auto set = std::string(row.at("views").as_string());
        if (!sets.contains(set)) sets[set] = golden.views(set);
        const tests::AlteredWeights altered(folder);
        const auto& changes = row.at("override").as_object();
        if (std::any_of(changes.begin(), changes.end(),
                        [](const auto& change) { return change.value().is_null(); }))
            continue;
        std::unique_ptr<Scorer> other;
        for (const auto& [tensor, value] : changes)
            altered.set("quality/quality_scorer.safetensors", tensor, float(number(value)));
        if (!changes.empty())
            other = std::move(open_published_scorer(on_gpu(altered.path(), dtype)).value());
        auto& scorer = other ? *other : *plain;
        const auto query = std::move(scorer.ask(asked_in(golden, row)).value());
        cases.push_back({std::string(row.at("name").as_string()), set, row,
                         scorer.score(sets[set], *query).value()});
    }
    return cases;
}

// What 16 bits may change beyond rounding: which cosines the outlier rule drops, and on which side
// of 0.3 an alignment falls, or of 0 a cosine.
bool hangs_on_rounding(const Case& one) {
    const double alignment = number(one.row.at("alignment"));
    return std::abs(alignment - kLeastAlignment) < 0.005 || std::isnan(alignment);
}

}  // namespace

TEST_CASE("in fp32 every golden case has its score, part by part, on a GPU", "[gpu][golden]") {
    for (const auto& folder : tests::score_folders()) {
        double worst = 0;
        for (const auto& one : scored(folder, "fp32")) {
            INFO(folder << " " << one.name);
            const auto& row = one.row;
            CHECK(near(one.score.iqa, number(row.at("iqa")), kFp32));
            CHECK(near(one.score.alignment, number(row.at("alignment")), kFp32));
            CHECK(near(one.score.ssim, number(row.at("ssim")), kFp32));
            CHECK(near(one.score.lpips, number(row.at("lpips")), kFp32));
            CHECK(near(one.score.total, number(row.at("score")), kFp32));
            CHECK(one.score.left_out.empty());
            const double apart = std::abs(one.score.total - number(row.at("score")));
            if (apart > worst) worst = apart;
        }
        std::cout << "scorer fp32 " << folder.substr(folder.rfind('/') + 1) << " " << worst << "\n";
    }
}

TEST_CASE("in 16 bits every golden score is near on a GPU", "[gpu][golden]") {
    const std::string dtype = GENERATE("fp16", "bf16");
    const double tolerance = dtype == "fp16" ? kFp16 : kBf16;
    for (const auto& folder : tests::score_folders()) {
        double worst = 0;
        int compared = 0;
        for (const auto& one : scored(folder, dtype)) {
            INFO(dtype << " " << folder << " " << one.name);
            if (hangs_on_rounding(one)) continue;
            CHECK(near(one.score.total, number(one.row.at("score")), tolerance));
            worst = std::max(worst, std::abs(one.score.total - number(one.row.at("score"))));
            ++compared;
        }
        CHECK(compared >= 2);
        std::cout << "scorer " << dtype << " " << folder.substr(folder.rfind('/') + 1) << " "
                  << worst << " of " << compared << "\n";
    }
}

TEST_CASE("equal views have equal bits on a GPU, and differ from none", "[gpu][golden]") {
    const auto dtype = GENERATE("fp32", "fp16");
    const ScoreGolden golden(tests::project_path("tests/golden/scorer/tiny"));
    const auto scorer = std::move(open_published_scorer(on_gpu(golden.folder, dtype)).value());
    const auto query = std::move(scorer->ask(Prompt{"a hamburger"}).value());
    const auto white = scorer->score(golden.views("white"), *query).value();
    CHECK(white.ssim == 1);
    CHECK(white.lpips == 1);
    for (std::size_t i = 0; i < kScoredViews; ++i) {
        CHECK(white.ssim_of_pair[i] == 1);
        CHECK(white.quality_of_view[i] == white.quality_of_view[0]);
        CHECK(white.cosine_of_view[i] == white.cosine_of_view[0]);
    }
    auto views = golden.views("turning");
    views[9] = views[2];
    const auto sixteen = scorer->score(views, *query).value();
    views.pop_back();
    const auto fifteen = scorer->score(views, *query).value();
    for (const auto* score : {&sixteen, &fifteen}) {
        CHECK(score->quality_of_view[9] == score->quality_of_view[2]);
        CHECK(score->cosine_of_view[9] == score->cosine_of_view[2]);
        CHECK(score->quality_of_view[15] == score->quality_of_view[0]);
        CHECK(score->cosine_of_view[15] == score->cosine_of_view[0]);
        CHECK(score->cosine_of_view[1] != score->cosine_of_view[0]);
        CHECK(score->lpips_distance_of_pair[15] == 0);
    }
    const auto again = scorer->score(views, *query).value();
    CHECK(again.total == fifteen.total);
    CHECK(again.cosine_of_view == fifteen.cosine_of_view);
}

TEST_CASE("views that stay on a GPU are those that come to main memory", "[gpu]") {
    const auto splats = cone();
    const auto rasterizer = rasterizer_on("cuda").value();
    const auto plan = GENERATE(ViewPlan{}, ViewPlan{.step = 4, .side = 96});
    const auto here = validator_views(splats, rasterizer, plan).value();
    const auto there = validator_views_cuda(splats, plan).value().to(at::kCPU).contiguous();
    REQUIRE(there.sizes() == at::IntArrayRef({std::int64_t(here.size()), plan.side, plan.side, 3}));
    const auto* got = there.const_data_ptr<std::uint8_t>();
    std::int64_t differing = 0, dark = 0;
    int furthest = 0;
    for (const auto& view : here) {
        for (const auto want : view.pixels) {
            const int apart = std::abs(int(*got++) - int(want));
            differing += apart > 0;
            dark += want < 255;
            furthest = std::max(furthest, apart);
        }
    }
    CHECK(dark > there.numel() / 100);
    CHECK(furthest <= 2);
    CHECK(differing < there.numel() / 100);
}

TEST_CASE("splats are scored on a GPU as their views are", "[gpu][golden]") {
    const auto folder = tests::project_path("tests/golden/scorer/real_sizes");
    const auto scorer = std::move(open_published_scorer(on_gpu(folder, "fp32")).value());
    const auto query = std::move(scorer->ask(Prompt{"a hamburger"}).value());
    const auto splats = cone();
    const auto rasterizer = rasterizer_on("cuda").value();
    const auto views = validator_views(splats, rasterizer).value();
    const auto want = scorer->score(views, *query).value();
    const auto got = scorer->score_splats(splats, rasterizer, *query).value();
    CHECK(near(got.iqa, want.iqa, 1e-3));
    CHECK(near(got.ssim, want.ssim, 1e-3));
    CHECK(near(got.lpips, want.lpips, 1e-3));
    CHECK(std::abs(got.cosine_of_view[3] - want.cosine_of_view[3]) < 1e-3);
}

#include "generator/score/scorer.hpp"

#include "generator/score/formula.hpp"
#include "tests/generator/score/score_golden.hpp"
#include "tests/support/catch.hpp"

#include <ATen/ATen.h>

#include <chrono>
#include <map>

using namespace generator;
using tests::kScoreTolerances;
using tests::near;
using tests::number;
using tests::ScoreGolden;

namespace {

template <class T>
double furthest(const std::array<T, kScoredViews>& got, const at::Tensor& want) {
    const auto other = want.to(at::kDouble).contiguous();
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i)
        worst = std::max(worst, std::abs(double(got[i]) - other.const_data_ptr<double>()[i]));
    return worst;
}

ScoreCondition condition_of(const ScoreGolden& golden, const boost::json::value& row) {
    if (row.at("text").is_null()) return golden.picture(std::string(row.at("picture").as_string()));
    return Prompt{golden.tokens.at(std::size_t(row.at("text").as_int64())).prompt};
}

void check_case(const ScoreGolden& golden, const boost::json::value& row, const Score& score) {
    const auto name = std::string(row.at("name").as_string());
    INFO(name);
    CHECK(near(score.iqa, number(row.at("iqa")), kScoreTolerances.part));
    CHECK(near(score.alignment, number(row.at("alignment")), kScoreTolerances.part));
    CHECK(near(score.ssim, number(row.at("ssim")), kScoreTolerances.part));
    CHECK(near(score.lpips, number(row.at("lpips")), kScoreTolerances.part));
    CHECK(near(score.total, number(row.at("score")), kScoreTolerances.part));
    CHECK(score.left_out.empty());
    CHECK(furthest(score.cosine_of_view, golden.cases[name + "/cosines"]) <
          kScoreTolerances.cosine);
    CHECK(furthest(score.ssim_of_pair, golden.cases[name + "/ssim_each"]) < kScoreTolerances.ssim);
    CHECK(furthest(score.lpips_distance_of_pair, golden.cases[name + "/lpips_each"]) <
          kScoreTolerances.lpips);
    if (row.at("override").as_object().empty())
        CHECK(furthest(score.quality_of_view, golden.cases[name + "/quality_each"]) <
              kScoreTolerances.part);
}

std::unique_ptr<Scorer> open(const ScorerOptions& options) {
    auto scorer = open_published_scorer(options);
    if (!scorer) throw std::runtime_error(scorer.error().message());
    return std::move(*scorer);
}

const std::string kTiny = tests::project_path("tests/golden/scorer/tiny");

Score score_of(Scorer& scorer, const std::vector<Image>& views, const ScoreCondition& condition) {
    return scorer.score(views, *scorer.ask(condition).value()).value();
}

}  // namespace

TEST_CASE("every golden case has its golden score, part by part", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        const auto plain = open(tests::score_options(folder));
        std::map<std::string, std::vector<Image>> sets;
        const auto rows = tests::read_json(folder + "/cases.json");
        for (const auto& row : rows.as_array()) {
            const auto set = std::string(row.at("views").as_string());
            if (!sets.contains(set)) sets[set] = golden.views(set);
            std::unique_ptr<Scorer> other;
            auto* scorer = plain.get();
            const tests::AlteredWeights altered(folder);
            bool not_a_number = false;
            for (const auto& [tensor, value] : row.at("override").as_object()) {
                not_a_number = value.is_null();  // which no file may hold: see below
                if (not_a_number) continue;
                altered.set("quality/quality_scorer.safetensors", tensor, float(number(value)));
                other = open(tests::score_options(altered.path()));
                scorer = other.get();
            }
            auto score = score_of(*scorer, sets[set], condition_of(golden, row));
            if (not_a_number) {
                score.iqa = number(nullptr);
                score.total = formula::total(
                    formula::terms(score.iqa, score.alignment, score.ssim, score.lpips),
                    score.alignment);
            }
            check_case(golden, row, score);
        }
    }
}

TEST_CASE("a scorer says where its backbone came from", "[golden]") {
    const auto tuned = open(tests::score_options(kTiny));
    CHECK(tuned->info().backbone_tensors == 3 * 18 + 6);
    CHECK(tuned->info().tuned_tensors == tuned->info().backbone_tensors);
    const auto heads =
        open(tests::score_options(tests::project_path("tests/golden/scorer/real_sizes")));
    CHECK(heads->info().backbone_tensors == 2 * 18 + 6);
    CHECK(heads->info().tuned_tensors == 0);
    CHECK(heads->info().device == "cpu");
    CHECK(heads->info().dtype == "fp32");
}

TEST_CASE("in 16 bits a score stays within 0.005", "[golden]") {
    for (const auto& folder : tests::score_folders()) {
        INFO(folder);
        const ScoreGolden golden(folder);
        auto options = tests::score_options(folder);
        options.dtype = "fp16";
        const auto scorer = open(options);
        CHECK(scorer->info().dtype == "fp16");
        const auto views = golden.views("turning");
        const auto rows = tests::read_json(folder + "/cases.json");
        for (const auto& row : rows.as_array()) {
            const auto name = row.at("name").as_string();
            if (name != "text_0" && name != "picture_rgba") continue;
            INFO(name);
            const auto score = score_of(*scorer, views, condition_of(golden, row));
            CHECK(near(score.total, number(row.at("score")), 0.005));
            CHECK(near(score.iqa, number(row.at("iqa")), 0.002));
            CHECK(score.cosine_of_view.front() == score.cosine_of_view.back());
        }
    }
}

TEST_CASE("fifteen views are scored as the sixteen that end with the first") {
    const ScoreGolden golden(kTiny);
    const auto scorer = open(tests::score_options(kTiny));
    const auto query = scorer->ask(Prompt{"a hamburger"}).value();
    auto views = golden.views("turning");
    const auto whole = scorer->score(views, *query).value();
    CHECK(whole.quality_of_view.front() == whole.quality_of_view.back());
    CHECK(whole.cosine_of_view.front() == whole.cosine_of_view.back());
    CHECK(whole.lpips_distance_of_pair.back() == 0);
    CHECK(whole.ssim_of_pair.back() == Approx(1).margin(1e-6));
    views.pop_back();
    const auto shorter = scorer->score(views, *query).value();
    CHECK(shorter.total == whole.total);
    CHECK(shorter.cosine_of_view == whole.cosine_of_view);
}

TEST_CASE("white views are equal to the bit and alike to the last digit") {
    const ScoreGolden golden(kTiny);
    const auto scorer = open(tests::score_options(kTiny));
    const auto score = score_of(*scorer, golden.views("white"), Prompt{"a hamburger"});
    CHECK(score.ssim == 1);
    CHECK(score.lpips == 1);
    for (const auto value : score.ssim_of_pair) CHECK(value == 1);
}

TEST_CASE("networks are read when the first condition of their kind comes") {
    const auto scorer = open(tests::score_options(kTiny));
    const auto at_first = scorer->info().parameters;
    CHECK(scorer->ask(Prompt{"chair"}).has_value());
    const auto with_words = scorer->info().parameters;
    CHECK(with_words > at_first);
    CHECK(scorer->ask(Prompt{"a red car"}).has_value());
    CHECK(scorer->info().parameters == with_words);
    CHECK(scorer->ask(ScoreGolden(kTiny).picture("rgb")).has_value());
    CHECK(scorer->info().parameters > with_words);
}

TEST_CASE("what has no weights is left out, and said so") {
    const ScoreGolden golden(kTiny);
    const auto views = golden.views("turning");
    const auto full = open(tests::score_options(kTiny));
    const auto whole = score_of(*full, views, Prompt{"a hamburger"});

    const tests::AlteredWeights altered(kTiny);
    altered.remove("lpips");
    altered.remove("picture");
    const auto scorer = open(tests::score_options(altered.path()));
    CHECK(scorer->info().takes_prompts);
    CHECK_FALSE(scorer->info().takes_pictures);
    CHECK_FALSE(scorer->info().has_lpips);
    const auto words = score_of(*scorer, views, Prompt{"a hamburger"});
    REQUIRE(words.left_out.size() == 1);
    CHECK(words.left_out[0].part == ScorePart::lpips);
    CHECK(words.left_out[0].instead == 0.0235);
    CHECK_THAT(words.left_out[0].why, Catch::Contains("no lpips/ in "));
    CHECK(std::isnan(words.lpips));
    CHECK(words.alignment == whole.alignment);
    CHECK(std::abs(words.total - whole.total) < 0.0235);

    const auto picture = score_of(*scorer, views, golden.picture("rgb"));
    REQUIRE(picture.left_out.size() == 2);
    CHECK(picture.left_out[0].part == ScorePart::alignment);
    CHECK(picture.left_out[0].instead == 0.2 * 0.85);
    CHECK(std::isnan(picture.alignment));
    CHECK(picture.total ==
          Approx(0.75 * picture.iqa + 0.17 + 0.0235 + formula::terms(0, 0, picture.ssim, 0).ssim));
    CHECK(std::string(name_of(ScorePart::quality)) == "iqa");
}

TEST_CASE("views and pictures that cannot be scored are refused") {
    const ScoreGolden golden(kTiny);
    const auto scorer = open(tests::score_options(kTiny));
    const auto query = scorer->ask(Prompt{"chair"}).value();
    const auto refused = [&](std::vector<Image> views) {
        const auto score = scorer->score(views, *query);
        return score.has_error() && score.error().code == Errc::wrong_input;
    };
    const auto good = golden.views("turning");
    auto views = good;
    views.resize(14);
    CHECK(refused(views));
    CHECK(refused({}));
    views = good;
    views[3] = Image{32, 32, 3, std::vector<std::uint8_t>(32 * 32 * 3)};
    CHECK(refused(views));
    views = good;
    views[3].channels = 4;
    CHECK(refused(views));
    views = good;
    views[3].pixels.pop_back();
    CHECK(refused(views));
    CHECK(refused(std::vector<Image>(16, Image{8, 8, 3, std::vector<std::uint8_t>(192)})));
    CHECK(refused(std::vector<Image>(16)));
    CHECK(scorer->ask(Image{}).error().code == Errc::wrong_input);
    CHECK(scorer->ask(Image{2, 2, 3, {0}}).error().code == Errc::wrong_input);
    CHECK(scorer->ask(Image{1, 1, 3, {0, 0, 0}}).has_value());
    CHECK(scorer->ask(Prompt{std::string(200'000, 'a')}).error().code == Errc::bad_prompt);
    CHECK(scorer->ask(Prompt{""}).has_value());
}

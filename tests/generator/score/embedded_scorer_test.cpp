#include "generator/score/embedded_scorer.hpp"

#include "generator/image/decode.hpp"
#include "generator/image/prepare.hpp"
#include "generator/nano/embedded.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/render/validator_views.hpp"
#include "generator/score/judge_input.hpp"
#include "generator/splat/export.hpp"
#include "generator/trellis/trellis.hpp"
#include "tests/generator/golden.hpp"
#include "tests/support/catch.hpp"

#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

using namespace generator;

namespace {

Image plain(int width, int height, std::uint8_t value, int channels = 3) {
    return {width, height, channels,
            std::vector<std::uint8_t>(std::size_t(width) * height * channels, value)};
}

Image with_square(int side, int left, int top, int right, int bottom) {
    auto image = plain(side, side, 255);
    for (int y = top; y < bottom; ++y)
        for (int x = left; x < right; ++x) image.pixels[(std::size_t(y) * side + x) * 3 + 1] = 40;
    return image;
}

Image rehearsal_picture(const std::string& name) {
    std::ifstream in(tests::project_path("ops/rehearsal/" + name), std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    return decode_for_score(bytes).value();
}

const tests::Golden& judge_golden() {
    static const tests::Golden golden(tests::project_path("tests/golden/nano"),
                                      "judge.safetensors");
    return golden;
}

std::vector<Image> golden_views() {
    std::vector<Image> views;
    for (const auto& row : judge_golden()["views"].unbind(0)) {
        const auto bytes = row.contiguous();
        const auto* first = bytes.const_data_ptr<std::uint8_t>();
        views.push_back(
            {int(bytes.size(1)), int(bytes.size(0)), 3, {first, first + bytes.numel()}});
    }
    return views;
}

struct Asked {
    std::unique_ptr<Scorer> scorer = open_embedded_scorer("cpu").value();

    Score score(std::span<const Image> views, const ScoreCondition& condition) {
        const auto query = scorer->ask(condition).value();
        return scorer->score(views, *query).value();
    }
    config::Error refusal(std::span<const Image> views) {
        const auto query = scorer->ask(Prompt{"a red ball"}).value();
        return scorer->score(views, *query).error();
    }
};

double logit(double p) { return std::log(p / (1 - p)); }

void check_golden(const Score& score, const std::string& kind) {
    INFO(kind);
    constexpr double kNear = 1e-4;
    const auto number = [](const std::string& name) {
        return judge_golden()[name].mean().item<double>();
    };
    CHECK(logit(score.total) == Approx(number(kind + ".total")).margin(kNear));
    CHECK(logit(score.alignment) == Approx(number(kind + ".match")).margin(kNear));
    CHECK(logit(score.iqa) == Approx(number("quality_of_view")).margin(kNear));
    const auto quality = judge_golden()["quality_of_view"],
               cosine = judge_golden()[kind + ".cosine_of_view"];
    for (std::int64_t i = 0; i < quality.size(0); ++i) {
        CHECK(logit(score.quality_of_view[4 * i]) ==
              Approx(quality[i].item<double>()).margin(kNear));
        CHECK(score.cosine_of_view[4 * i] == Approx(cosine[i].item<double>()).margin(kNear));
    }
}

// The embedded files with one that lacks, or has other bytes.
class AlteredModel final : public Files {
public:
    explicit AlteredModel(std::string name, std::string text = "")
        : name_(std::move(name)), text_(std::move(text)) {}
    const std::string& where() const override { return where_; }
    bool has(const std::string& name) const override {
        return name == name_ ? !text_.empty() : base_->has(name);
    }
    config::Result<Bytes> open(const std::string& name) const override {
        if (name != name_) return base_->open(name);
        if (text_.empty()) return config::fail(Errc::missing_file, where_ + "/" + name);
        return Bytes{std::as_bytes(std::span(text_)), nullptr};
    }

private:
    std::string where_ = "altered", name_, text_;
    std::unique_ptr<Files> base_ = embedded_files();
};

std::string text_of(std::string_view name) {
    const auto data = embedded_file(name).value();
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

}  // namespace

TEST_CASE("the embedded judge scores as its reference does") {
    Asked asked;
    const auto views = golden_views();
    check_golden(asked.score(views, rehearsal_picture("05_orange_rocket.png")), "picture");
    check_golden(asked.score(views, Prompt{"a orange rocket with a green nose and cyan fins"}),
                 "words");
}

TEST_CASE("the frames of the judge's views are the reference's") {
    const auto views = golden_views();
    const auto frames = judge_golden()["frames"];
    REQUIRE(views.size() == std::size_t(frames.size(0)));
    for (std::size_t i = 0; i < views.size(); ++i)
        for (std::size_t j = 0; j < 5; ++j)
            CHECK(double(picture_for_judge(views[i], 224).frame[j]) ==
                  Approx(frames[std::int64_t(i)][std::int64_t(j)].item<double>()).margin(1e-6));
}

TEST_CASE("the judge sees an object cropped and on black, wherever it was on white") {
    const auto middle = picture_for_judge(with_square(100, 40, 40, 60, 60), 64);
    const auto corner = picture_for_judge(with_square(300, 6, 8, 26, 28), 64);
    CHECK(middle.picture.width == 64);
    CHECK(middle.picture.channels == 3);
    CHECK(middle.picture.pixels == corner.picture.pixels);
    CHECK(middle.picture.pixels[0] == 0);
    CHECK(middle.frame == std::array<float, 5>{.4F, .4F, .6F, .6F, .04F});
    CHECK(corner.frame[0] == Approx(6 / 300.0));
    CHECK(corner.frame[3] == Approx(28 / 300.0));
}

TEST_CASE("of a picture with nothing in it the judge sees black, and all of one without white") {
    const auto white = picture_for_judge(plain(50, 30, 255), 32);
    CHECK(white.picture.pixels == plain(32, 32, 0).pixels);
    CHECK(white.frame == std::array<float, 5>{});
    const auto grey = picture_for_judge(plain(32, 32, 99), 32);
    CHECK(grey.picture.pixels == plain(32, 32, 99).pixels);
    CHECK(grey.frame == std::array<float, 5>{0, 0, 1, 1, 1});
}

TEST_CASE("the judge tells what it takes and what it leaves out") {
    Asked asked;
    const auto& info = asked.scorer->info();
    CHECK(info.takes_prompts);
    CHECK(info.takes_pictures);
    CHECK_FALSE(info.has_lpips);
    CHECK(info.device == "cpu");
    CHECK(info.dtype == "fp32");
    CHECK(info.views.step == 4);
    CHECK(info.views.side == 224);
    const auto score = asked.score(golden_views(), Prompt{"a red ball"});
    REQUIRE(score.left_out.size() == 2);
    CHECK(score.left_out[0].part == ScorePart::ssim);
    CHECK(score.left_out[1].part == ScorePart::lpips);
    CHECK(std::isnan(score.ssim));
    CHECK(std::isnan(score.lpips));
}

TEST_CASE("equal views get equal numbers to the bit, whatever was scored before") {
    Asked one, other;
    const auto views = golden_views();
    const auto picture = rehearsal_picture("11_white_snowman.png");
    const auto first = one.score(views, picture);
    one.score(views, Prompt{"a blue table"});
    std::vector<Image> white(4, plain(224, 224, 255));
    one.score(white, picture);
    for (const auto& again : {one.score(views, picture), other.score(views, picture)}) {
        CHECK(again.total == first.total);
        CHECK(again.iqa == first.iqa);
        CHECK(again.alignment == first.alignment);
        CHECK(again.quality_of_view == first.quality_of_view);
        CHECK(again.cosine_of_view == first.cosine_of_view);
    }
}

TEST_CASE("the judge refuses views that are not as it wants them") {
    Asked asked;
    const auto views = golden_views();
    CHECK(asked.refusal({}).message().find("0 views; 4 are scored") != std::string::npos);
    CHECK(asked.refusal(std::span(views).first(3)).code == Errc::wrong_input);
    std::vector<Image> five = views;
    five.push_back(views.front());
    CHECK(asked.refusal(five).code == Errc::wrong_input);
    for (const auto& bad : {plain(223, 224, 9), plain(518, 518, 9), plain(224, 224, 9, 4),
                            Image{224, 224, 3, {1, 2, 3}}, Image{}}) {
        auto altered = views;
        altered[3] = bad;
        CHECK(asked.refusal(altered).code == Errc::wrong_input);
        CHECK(asked.refusal(altered).message().find("224 x 224") != std::string::npos);
    }
}

TEST_CASE("the judge refuses a picture that is not RGB") {
    Asked asked;
    for (const auto& bad : {Image{}, plain(8, 8, 1, 4), plain(8, 8, 1, 1), Image{9, 9, 3, {1}},
                            Image{-1, -1, 3, {1, 1, 1}}})
        CHECK(asked.scorer->ask(bad).error().code == Errc::wrong_input);
}

TEST_CASE("the judge takes pictures of any size, and any words") {
    Asked asked;
    const auto views = golden_views();
    for (const auto& picture :
         {plain(1, 1, 30), plain(1, 1, 255), plain(3, 700, 30), with_square(1000, 1, 1, 999, 500),
          with_square(300, 7, 7, 8, 8), plain(640, 480, 128)}) {
        const auto score = asked.score(views, picture);
        CHECK(std::isfinite(score.total));
    }
    for (const std::string words :
         {"", " ", "xylophonic Zeitgeist 飛行機 \xff\xfe", "<|endoftext|>"}) {
        const auto score = asked.score(views, Prompt{words});
        CHECK(score.total > 0);
        CHECK(score.total < 1);
    }
    CHECK(asked.scorer->ask(Prompt{std::string(200 << 10, 'a')}).error().code == Errc::bad_prompt);
}

TEST_CASE("splats of which nothing is to be seen get a number, too") {
    Asked asked;
    const std::vector<Image> white(4, plain(224, 224, 255)), black(4, plain(224, 224, 0));
    CHECK(std::isfinite(asked.score(white, Prompt{"a red ball"}).total));
    CHECK(std::isfinite(asked.score(black, Prompt{"a red ball"}).total));
}

TEST_CASE("a judge that lacks or that does not fit is refused by its name") {
    const auto refusal = [](const AlteredModel& files) {
        return open_embedded_scorer("cpu", files).error();
    };
    CHECK(refusal(AlteredModel("ckpts/judge.safetensors")).code == Errc::missing_file);
    CHECK(refusal(AlteredModel("ckpts/judge.json")).message().find("altered/ckpts/judge.json") !=
          std::string::npos);
    auto wide = text_of("ckpts/judge.json");
    wide.replace(wide.find("\"width\": 128"), 12, "\"width\": 136");
    CHECK(refusal(AlteredModel("ckpts/judge.json", wide)).code == Errc::misshapen_tensor);
    auto odd = text_of("ckpts/judge.json");
    odd.replace(odd.find("\"heads\": 8"), 10, "\"heads\": 7");
    CHECK(refusal(AlteredModel("ckpts/judge.json", odd)).code == Errc::bad_checkpoint);
    const auto cut = text_of("ckpts/judge.safetensors").substr(0, 100'000);
    CHECK(refusal(AlteredModel("ckpts/judge.safetensors", cut)).code == Errc::bad_checkpoint);
    CHECK(open_embedded_scorer("abacus").error().code == Errc::bad_device);
}

namespace {

// What the embedded model makes of a picture of the rehearsal, as the miner would submit it.
StoredSplats result_of(const std::string& picture) {
    config::Generator settings;
    settings.device = "cpu";
    const auto generator = make_trellis(settings).value();
    std::ifstream in(tests::project_path("ops/rehearsal/" + picture), std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    const Condition condition =
        prepare(decode(bytes).value(), generator->info().picture_size).value();
    const auto structure = generator->generate_structure(condition, 1, {}).value();
    return export_splats(generator->generate_splats(*structure, nullptr, {}).value().splats);
}

StoredSplats with_three_quarters_scattered(StoredSplats splats) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, .25F);
    for (std::size_t i = 0; i < splats.size(); ++i)
        if (i % 4 != 0)
            for (auto& x : splats.position[i]) x += normal(random);
    return splats;
}

StoredSplats with_one_half_cut_away(const StoredSplats& splats) {
    StoredSplats half;
    for (std::size_t i = 0; i < splats.size(); ++i) {
        if (splats.position[i][1] < 0) continue;
        half.position.push_back(splats.position[i]);
        half.colour.push_back(splats.colour[i]);
        half.log_scale.push_back(splats.log_scale[i]);
        half.rotation.push_back(splats.rotation[i]);
        half.logit.push_back(splats.logit[i]);
    }
    return half;
}

}  // namespace

TEST_CASE("a good result is worth more than a spoiled one, and than one of something else") {
    Asked asked;
    const auto rasterizer = rasterizer_on("cpu").value();
    const auto views = [&](const StoredSplats& splats) {
        return validator_views(splats, rasterizer, asked.scorer->info().views).value();
    };
    const auto result = result_of("05_orange_rocket.png");
    const auto good = views(result);
    const auto scattered = views(with_three_quarters_scattered(result)),
               cut = views(with_one_half_cut_away(result));
    const std::map<std::string, std::pair<ScoreCondition, ScoreCondition>> conditions{
        {"picture",
         {rehearsal_picture("05_orange_rocket.png"), rehearsal_picture("17_white_table.png")}},
        {"words",
         {Prompt{"a orange rocket with a green nose and cyan fins"}, Prompt{"a white table"}}}};
    for (const auto& [kind, of] : conditions) {
        INFO(kind);
        const double score = asked.score(good, of.first).total;
        CAPTURE(score, asked.score(scattered, of.first).total, asked.score(cut, of.first).total,
                asked.score(good, of.second).total);
        CHECK(score > .6);
        CHECK(asked.score(scattered, of.first).total < score - .1);
        CHECK(asked.score(cut, of.first).total < score - .1);
        CHECK(asked.score(good, of.second).total < .6);
    }
}

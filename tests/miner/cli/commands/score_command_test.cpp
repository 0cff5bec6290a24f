// miner score from the command line to its words, with a scripted scorer and real pictures.
#include "generator/errc.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/temporary_folder.hpp"
#include "weights/scorer_plan.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <limits>

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Catch::Contains;
using generator::Errc;
using generator::Score;
using generator::ScorePart;

const std::string kHamburger = tests::project_path("tests/golden/gsplat/hamburger.ply");
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Script {
    Score score{.total = 0.8, .iqa = 0.82, .alignment = 0.75, .ssim = 0.95, .lpips = 0.9};
    std::optional<config::Error> open = {}, ask = {}, fails = {};
    std::optional<config::Error> no_rasterizer = {}, no_view = {};
    std::string device = "cpu";  // that the scorer has found
};

class FakeScorer final : public generator::Scorer {
public:
    explicit FakeScorer(Script script) : script_(std::move(script)) {
        info_.name = "fake";
        info_.device = script_.device;
        info_.dtype = "fp32";
    }
    const generator::ScorerInfo& info() const override { return info_; }
    config::Result<std::unique_ptr<generator::ScoreQuery>> ask(
        const generator::ScoreCondition&) override {
        if (script_.ask) return *script_.ask;
        return std::make_unique<generator::ScoreQuery>();
    }
    config::Result<Score> score(std::span<const generator::Image> views,
                                const generator::ScoreQuery&) override {
        if (script_.fails) return *script_.fails;
        if (views.size() != 15 || views[0].width != 518)
            return config::fail(Errc::wrong_input, "views");
        return script_.score;
    }

private:
    Script script_;
    generator::ScorerInfo info_;
};

// A folder with all files of the scorer, which nobody opens, and one to work in.
struct Scene {
    tests::TemporaryFolder folder;
    Script script;

    Scene() {
        for (const auto& part : weights::scorer_parts())
            for (const auto& file : part.files) write("scorer/" + std::string(file.to), "");
    }

    std::string at(const std::string& name) const { return (folder.path() / name).string(); }

    void write(const std::string& name, const std::string& content) const {
        fs::create_directories((folder.path() / name).parent_path());
        std::ofstream(folder.path() / name, std::ios::binary) << content;
    }

    tests::Outcome run(std::vector<std::string> more) const {
        std::vector<std::string> words{"miner", "score", "--score.model", at("scorer")};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<const char*> argv;
        for (const auto& word : words) argv.push_back(word.c_str());
        auto parsed =
            miner::parse(int(argv.size()), argv.data(), {}, std::chrono::system_clock::now());
        if (const auto* over = std::get_if<miner::Exit>(&parsed)) FAIL(over->text);
        const auto& line = std::get<miner::CommandLine>(parsed);
        return tests::run_forked([&] {
            const auto make =
                [&](const config::Score&) -> config::Result<std::unique_ptr<generator::Scorer>> {
                if (script.open) return *script.open;
                return std::make_unique<FakeScorer>(script);
            };
            const auto draw =
                [&](const std::string& device) -> config::Result<generator::Rasterizer> {
                if (device == "cuda") return config::fail(Errc::bad_device, device);
                if (script.no_rasterizer) return *script.no_rasterizer;
                return generator::Rasterizer(
                    [&](const generator::Gaussians& splats,
                        const generator::Camera& camera) -> config::Result<generator::Rendering> {
                        if (script.no_view) return *script.no_view;
                        return generator::rasterize(splats, camera);
                    });
            };
            return int(miner::score_command(line, make, draw));
        });
    }
};

int code(const tests::Outcome& outcome) { return outcome.exit_status.code; }

}  // namespace

TEST_CASE("a score is told part by part, with what a validator would do") {
    Scene scene;
    const auto told = scene.run({kHamburger, "--prompt", "a hamburger"});
    INFO(told.out << told.err);
    CHECK(code(told) == 0);
    CHECK(told.err.empty());
    CHECK_THAT(told.out, Contains(kHamburger + ": 0.8000, accepted (0.6 or more)\n"));
    CHECK_THAT(told.out, Contains("  iqa        0.8200\n"));
    CHECK_THAT(told.out, Contains("  alignment  0.7500\n"));
    CHECK_THAT(told.out, Contains("  ssim       0.9500\n"));
    CHECK_THAT(told.out, Contains("  lpips      0.9000\n"));

    scene.script.score.total = 0.59999;
    CHECK_THAT(scene.run({kHamburger, "--prompt", "a"}).out, Contains("refused (below 0.6)"));
    scene.script.score.total = 0;
    scene.script.score.alignment = 0.2;
    CHECK_THAT(scene.run({kHamburger, "--prompt", "a"}).out,
               Contains("0.0000, refused (alignment below 0.3)"));
    scene.script.score.total = scene.script.score.ssim = kNan;
    const auto lost = scene.run({kHamburger, "--prompt", "a"});
    CHECK(code(lost) == 0);
    CHECK_THAT(lost.out, Contains("nan: a validator fails over it"));
}

TEST_CASE("what was left out is told with what stands for it, in JSON too, where NaN is null") {
    Scene scene;
    scene.script.score.alignment = kNan;
    scene.script.score.left_out = {{ScorePart::alignment, 0.17, "no text/ in fake"}};
    fs::remove_all(scene.at("scorer/text"));
    const auto told = scene.run({kHamburger, "--prompt", "a"});
    INFO(told.out << told.err);
    CHECK_THAT(told.out,
               Contains("alignment  left out, 0.17 in the sum instead: no text/ in fake"));
    CHECK_THAT(told.err, Contains("has no text/"));
    CHECK_THAT(told.err, Contains("miner weights fetch validator-scorer --part text"));

    const auto all = json::parse(scene.run({kHamburger, "--prompt", "a", "--json"}).out);
    CHECK(all.at("threshold").to_number<double>() == 0.6);
    CHECK(all.at("prompt") == "a");
    CHECK(all.at("model") == "fake");
    const auto& one = all.at("results").at(0);
    CHECK(one.at("file").as_string() == kHamburger);
    CHECK(one.at("gaussians").to_number<std::int64_t>() > 7'000);
    CHECK(one.at("total").to_number<double>() == 0.8);
    CHECK(one.at("accepted") == true);
    CHECK(one.at("objections").as_array().empty());
    CHECK(one.at("iqa").to_number<double>() == 0.82);
    CHECK(one.at("alignment").is_null());
    CHECK(one.at("left_out").at(0).at("part") == "alignment");
    CHECK(one.at("left_out").at(0).at("instead").to_number<double>() == 0.17);
    CHECK_FALSE(one.as_object().contains("views"));
    scene.script.score.total = std::numeric_limits<double>::infinity();
    const auto infinite = json::parse(scene.run({kHamburger, "--prompt", "a", "--json"}).out);
    CHECK(infinite.at("results").at(0).at("total").is_null());
}

TEST_CASE("one file that is no splats does not cost the others, but the exit code") {
    Scene scene;
    scene.write("text.spz", "this is not a splat file");
    scene.write("empty.spz", "");
    scene.write("head.ply",
                "ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
                "property float x\nproperty float y\nproperty float z\nend_header\n");
    const std::vector<std::string> bad{scene.at("text.spz"), scene.at("empty.spz"),
                                       scene.at("head.ply"), scene.at("none.spz"), scene.at(".")};
    auto words = bad;
    words.insert(words.end(), {kHamburger, "--prompt", "a", "--json"});
    const auto told = scene.run(words);
    INFO(told.out << told.err);
    CHECK(code(told) == 65);
    const auto results = json::parse(told.out).at("results").as_array();
    REQUIRE(results.size() == 6);
    for (std::size_t i = 0; i < bad.size(); ++i) {
        CHECK_THAT(told.err, Contains("miner: " + bad[i] + ": "));
        CHECK(results[i].at("file").as_string() == bad[i]);
        CHECK(results[i].as_object().contains("error"));
    }
    CHECK(results[5].at("accepted") == true);
}

TEST_CASE("the pictures that were scored can be kept, each file's apart") {
    const Scene scene;
    const auto one = scene.run({kHamburger, "--prompt", "a", "--views", scene.at("one")});
    INFO(one.out << one.err);
    CHECK(code(one) == 0);
    CHECK(fs::file_size(scene.at("one/view_00.png")) > 1000);
    CHECK(fs::exists(scene.at("one/view_14.png")));
    CHECK_FALSE(fs::exists(scene.at("one/view_15.png")));
    CHECK_THAT(one.out, Contains("15 in " + scene.at("one")));

    const auto two =
        scene.run({kHamburger, kHamburger, "--prompt", "a", "--json", "--views", scene.at("two")});
    CHECK(code(two) == 0);
    CHECK(fs::exists(scene.at("two/hamburger.ply/view_14.png")));
    CHECK(fs::exists(scene.at("two/hamburger.ply.2/view_14.png")));
    CHECK(json::parse(two.out).at("results").at(1).at("views").as_array().size() == 15);

    scene.write("file", "");
    const auto nowhere = scene.run({kHamburger, "--prompt", "a", "--views", scene.at("file")});
    CHECK(code(nowhere) == 74);
    CHECK_THAT(nowhere.err, Contains(scene.at("file")));
}

TEST_CASE("without weights a score says what is missing, from where, and how to get it") {
    Scene scene;
    fs::remove(scene.at("scorer/quality/quality_scorer.safetensors"));
    fs::remove(scene.at("scorer/text/vocab.json"));
    const auto told = scene.run({kHamburger, "--prompt", "a"});
    INFO(told.err);
    CHECK(code(told) == 76);
    CHECK(told.out.empty());
    CHECK_THAT(told.err, Contains("404-Gen/validation@948bf06988b630681c7bc468aebf2bbe010856f7"));
    CHECK_THAT(told.err, Contains("quality_scorer.safetensors"));
    CHECK_THAT(told.err, Contains("text/vocab.json is vocab.json of openai/"));
    CHECK_THAT(told.err, Contains("miner weights fetch validator-scorer --part quality,text\n"));
    CHECK_THAT(told.err, !Contains("picture/"));
    // For a picture the words are not needed.
    const auto picture = tests::project_path("tests/golden/gsplat/view_01.png");
    CHECK_THAT(scene.run({kHamburger, "--picture", picture}).err, !Contains("text"));
    const auto none = scene.run({kHamburger, "--prompt", "a", "--score.model", ""});
    CHECK(code(none) == 76);
    CHECK_THAT(none.err, Contains("score.model: names no folder"));
    CHECK_THAT(none.err, Contains("--part quality,text,lpips"));
}

TEST_CASE("what a scorer fails over decides the exit code") {
    Scene scene;
    const auto run = [&] { return scene.run({kHamburger, "--prompt", "a"}); };
    scene.script.open = config::fail(Errc::misshapen_tensor, "a.safetensors: tensor");
    CHECK(code(run()) == 76);
    CHECK_THAT(run().err, Contains("a.safetensors: tensor"));
    scene.script.open = config::fail(Errc::bad_device, "cuda:7");
    CHECK(code(run()) == 2);
    scene.script.open.reset();
    scene.script.ask = config::fail(Errc::bad_prompt, "too long");
    CHECK(code(run()) == 65);
    scene.script.ask.reset();
    scene.script.fails = config::fail(Errc::device_lost, "gone");
    CHECK(code(run()) == 75);
    CHECK(code(scene.run({kHamburger, "--prompt", "a", "--score.device", "cuda"})) == 2);
    const auto picture = scene.run({kHamburger, "--picture", kHamburger});
    CHECK(code(picture) == 65);
    CHECK_THAT(picture.err, Contains("not a picture"));
    CHECK(code(scene.run({kHamburger, "--picture", scene.at("none.png")})) == 65);
}

TEST_CASE("a GPU that does not answer yet, or that others fill, ends a score with 75") {
    Scene scene;
    const auto run = [&](const std::string& device) {
        scene.script.device = device;
        return scene.run({kHamburger, "--prompt", "a", "--score.device", device});
    };
    const auto lost = config::fail(Errc::device_lost, "no driver is loaded");
    const auto full = config::fail(Errc::out_of_memory, "needs 4 GiB of 1 GiB free");
    SECTION("before it draws") {
        scene.script.no_rasterizer = lost;
        CHECK(code(run("auto")) == 75);
        CHECK_THAT(run("auto").err, Contains("no driver is loaded"));
    }
    SECTION("where it draws") {
        scene.script.no_view = lost;
        CHECK(code(run("cuda:0")) == 75);
        scene.script.no_view = full;
        CHECK(code(run("cuda:0")) == 75);
        CHECK(code(run("cpu")) == 76);
    }
    SECTION("where the networks are loaded") {
        scene.script.open = full;
        CHECK(code(run("cuda:0")) == 75);
        CHECK(code(run("cpu")) == 76);
    }
    SECTION("where the prompt is read, and where it scores") {
        scene.script.ask = full;
        CHECK(code(run("cuda:0")) == 75);
        scene.script.ask.reset();
        scene.script.fails = full;
        CHECK(code(run("cuda:0")) == 75);
        CHECK(code(run("cpu")) == 76);
    }
}

TEST_CASE("splats that a validator would not look at score nothing, whatever they look like") {
    const Scene scene;
    std::ifstream in(kHamburger, std::ios::binary);
    std::string ply{std::istreambuf_iterator<char>(in), {}};
    const auto at = ply.find("element vertex ") + 15;
    const auto end = ply.find('\n', at);
    const auto count = std::stoul(ply.substr(at, end - at));
    const auto body = ply.find("end_header\n") + 11;
    const auto row = (ply.size() - body) / count;
    auto few = ply.substr(0, body + 100 * row);
    few.replace(at, end - at, std::string(end - at - 3, '0') + "100");
    scene.write("few.ply", few);
    const auto told = scene.run({scene.at("few.ply"), "--prompt", "a"});
    INFO(told.out << told.err);
    CHECK(code(told) == 0);
    CHECK_THAT(told.out, Contains(": 0, refused unseen: "));
    const auto report =
        json::parse(scene.run({scene.at("few.ply"), "--prompt", "a", "--json"}).out);
    CHECK(report.at("results").at(0).at("accepted") == false);
    CHECK(report.at("results").at(0).at("total").to_number<double>() == 0);
}

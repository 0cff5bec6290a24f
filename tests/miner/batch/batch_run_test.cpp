// What becomes of a batch's inputs.
#include "miner/batch/run.hpp"

#include "config/digest.hpp"
#include "generator/image/decode.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/batch/names.hpp"
#include "tests/miner/balancer.hpp"
#include "tests/miner/batch/batch_scene.hpp"
#include "tests/miner/serving.hpp"
#include "tests/support/catch.hpp"

#include <array>
#include <atomic>
#include <iterator>
#include <set>
#include <thread>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using miner::ExitCode;
using tests::read_whole;
using Scene = tests::BatchScene;

}  // namespace

TEST_CASE("pictures and prompts become files, a manifest in their order, and a contact sheet") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.add("list.txt", "b.png\na red chair\na.png\n");
    REQUIRE(scene.run("list.txt") == ExitCode::ok);
    const auto lines = scene.lines();
    REQUIRE(lines.size() == 3);
    const std::array<std::string, 3> inputs{"b.png", "a red chair", "a.png"},
        files{"b.spz", "a-red-chair.spz", "a.spz"};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& line = lines[i];
        CHECK(line.input == inputs[i]);
        CHECK(line.file == files[i]);
        CHECK(line.outcome == "passed");
        CHECK(line.attempts == 1);
        CHECK(line.gaussians > 3000);
        CHECK(line.batch_seed == 7);
        CHECK(line.device == "cpu");
        CHECK(line.weights == "0123456789abcdef");
        CHECK_FALSE(line.score);
        const auto content = i == 1 ? inputs[i] : read_whole(scene.in() / inputs[i]);
        CHECK(line.content == config::sha256(content));
        CHECK(line.seed == miner::seed_for(7, line.content));
        const auto made = read_whole(scene.results() / line.file);
        CHECK(line.sha256 == config::sha256(made));
        CHECK(line.bytes == std::int64_t(made.size()));
    }
    auto seeds = scene.script->seeds.get();
    std::vector<std::uint64_t> expected{lines[0].seed, lines[1].seed, lines[2].seed};
    CHECK(seeds == expected);
    CHECK_THAT(scene.out, Contains("3 of 3 made"));
    CHECK(scene.err.empty());
    const auto sheet = read_whole(scene.results() / "contact_sheet.png");
    CHECK(generator::decode({reinterpret_cast<const std::uint8_t*>(sheet.data()), sheet.size()})
              .has_value());
    CHECK_FALSE(fs::exists(scene.results() / "previews"));
    CHECK_THAT(read_whole(scene.results() / "settings.toml"),
               Contains("gate.min_gaussians = 3200\n") && Contains("generator.seed = 7\n"));
}

TEST_CASE("each form has its ending, and opens as what it is") {
    Scene scene;
    scene.add("a.png");
    using generator::SplatFormat;
    const auto format = GENERATE(SplatFormat::ply, SplatFormat::spz_subnet,
                                 SplatFormat::spz_niantic_3, SplatFormat::glb);
    scene.form = {format, format == SplatFormat::ply ? "trellis" : "y"};
    scene.previews = true;
    REQUIRE(scene.run() == ExitCode::ok);
    const auto file = read_whole(scene.results() / scene.lines().at(0).file);
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
    const auto splats = generator::read_splats(bytes).value();
    CHECK(std::int64_t(splats.size()) == scene.lines().at(0).gaussians);
    CHECK(generator::format_of(bytes) ==
          (format == SplatFormat::spz_niantic_3 ? SplatFormat::spz_niantic : format));
    const auto preview = read_whole(scene.results() / "previews/a.png");
    const auto drawn =
        generator::decode({reinterpret_cast<const std::uint8_t*>(preview.data()), preview.size()});
    REQUIRE(drawn.has_value());
    CHECK(drawn->width == 518);
}

TEST_CASE("previews may lie on another disk") {
    Scene scene;
    scene.add("a.png");
    scene.previews = true;
    // Which a shared memory is, where there is one.
    const fs::path shared = "/dev/shm";
    const auto other = (fs::is_directory(shared) ? shared : scene.folder.path()) /
                       ("batch_run_test." + std::to_string(::getpid()));
    fs::create_directories(other);
    fs::create_directories(scene.results());
    fs::create_directory_symlink(other, scene.results() / "previews");
    CHECK(scene.run() == ExitCode::ok);
    CHECK(fs::exists(other / "a.png"));
    CHECK(std::distance(fs::directory_iterator(other), fs::directory_iterator()) == 1);
    fs::remove_all(other);
}

TEST_CASE("bad input is named with its reason and skipped, and tried again the next time") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png", "no picture");
    scene.add("c.png");
    scene.add("list.csv", "picture\na.png\nb.png\nnone.png\n\"\"\nc.png\n");
    CHECK(scene.run("list.csv") == ExitCode::bad_input);
    CHECK_THAT(scene.err,
               Contains("miner: b.png: ") && Contains("miner: none.png: cannot be read"));
    CHECK_THAT(scene.out, Contains("2 of 4 made, 2 not to be used"));
    CHECK(fs::exists(scene.results() / "c.spz"));
    CHECK(scene.lines().size() == 4);
    const int before = scene.script->stage1_runs;
    scene.add("b.png");
    scene.add("none.png");
    CHECK(scene.run("list.csv") == ExitCode::ok);
    CHECK(scene.script->stage1_runs == before + 2);
    CHECK(scene.lines().size() == 4);
    CHECK_THAT(scene.out, Contains("4 of 4 made (2 were there)"));
}

TEST_CASE("pictures of one's own may be larger than those of validators and callers") {
    Scene scene;
    constexpr int kSide = 300;
    const generator::Image image{kSide, kSide, 4,
                                 std::vector<std::uint8_t>(std::size_t(4) * kSide * kSide, 255)};
    const auto png = generator::encode_png(image);
    scene.add("photo.png", {reinterpret_cast<const char*>(png.data()), png.size()});
    scene.settings.generator.max_pixels = 65'536;
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.err.empty());
    // Nor does a folder become another's when that limit is set otherwise.
    scene.settings.generator.max_pixels = 70'000;
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 1);
}

TEST_CASE("what the gate rejects has no file, and the exit code says so, also the second time") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.script->voxels = {100, 5, 5};
    CHECK(scene.run() == ExitCode::no_go);
    CHECK(scene.lines().at(1).outcome == "rejected");
    CHECK_FALSE(fs::exists(scene.results() / "b.spz"));
    CHECK_THAT(scene.out, Contains("1 of 2 made, 1 rejected by the gate"));
    const int before = scene.script->stage1_runs;
    CHECK(scene.run() == ExitCode::no_go);
    CHECK(scene.script->stage1_runs == before);
}

TEST_CASE("all devices are at work at once") {
    Scene scene;
    for (const auto* name : {"a.png", "b.png", "c.png", "d.png"}) scene.add(name);
    scene.settings.generator.devices = {"cuda:0", "cuda:1"};
    scene.script->meeting = 2;  // no structure is done before two are begun
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(scene.loads == 2);
    CHECK(scene.lines().size() == 4);
}

TEST_CASE("a remote backend makes them where there is no device") {
    tests::Serving serving;
    serving.start();
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.settings.generator.device = "none";
    scene.settings.generator.remote = {serving.url()};
    CHECK(scene.run() == ExitCode::ok);
    INFO(scene.err);
    CHECK(scene.loads == 0);
    REQUIRE(scene.lines().size() == 2);
    CHECK(scene.lines()[0].device == serving.url());
    CHECK(scene.lines()[0].weights.empty());  // are that machine's
    CHECK(serving.script->seeds.get() ==
          std::vector<std::uint64_t>{scene.lines()[0].seed, scene.lines()[1].seed});
    CHECK(serving.stop() == ExitCode::ok);
}

TEST_CASE("a photograph goes to a remote backend smaller, where that refuses it as it is") {
    tests::Serving serving;
    serving.start();
    Scene scene;
    const generator::Image image{2000, 1201, 4,
                                 std::vector<std::uint8_t>(std::size_t(4) * 2000 * 1201, 255)};
    const auto png = generator::encode_png(image);
    scene.add("photo.png", {reinterpret_cast<const char*>(png.data()), png.size()});
    scene.settings.generator.device = "none";
    scene.settings.generator.remote = {serving.url()};
    CHECK(scene.run() == ExitCode::ok);
    INFO(scene.err);
    CHECK(scene.lines().at(0).content == config::sha256(std::string(png.begin(), png.end())));
    CHECK(serving.stop() == ExitCode::ok);
}

TEST_CASE("what a remote backend refuses for itself is a fault of the input, and no other's") {
    tests::Serving serving;
    serving.start();
    Scene scene;
    // More characters than /generate takes.
    scene.add("list.txt", std::string(2000, 'a') + "\na chair\n");
    scene.settings.generator.device = "none";
    scene.settings.generator.remote = {serving.url()};
    scene.settings.generator.deadline = std::chrono::hours(1);
    CHECK(scene.run("list.txt") == ExitCode::bad_input);
    CHECK_THAT(scene.err, Contains("400: ") && Contains("1024"));
    REQUIRE(scene.lines().size() == 2);
    CHECK(scene.lines()[1].outcome == "passed");
    CHECK(serving.stop() == ExitCode::ok);
}

TEST_CASE("what fails, wherever, is no fault of the input unless that is what is wrong") {
    tests::Serving serving;
    Scene scene;
    scene.add("a.png");
    scene.settings.generator.matting = "always";
    auto* script = scene.script.get();
    const bool remote = GENERATE(false, true);
    if (remote) {
        serving.settings.generator.matting = "always";
        serving.start();
        scene.settings.generator.device = "none";
        scene.settings.generator.remote = {serving.url()};
        script = serving.script.get();
    }
    script->voxels = {-1};
    CHECK(scene.run() == ExitCode::no_go);
    CHECK_THAT(scene.out, Contains("0 of 1 made, 1 failed"));
    CHECK_THAT(scene.err, Contains("as scripted"));
    script->bad_mask = true;
    CHECK(scene.run() == ExitCode::bad_input);
    CHECK_THAT(scene.out, Contains("0 of 1 made, 1 not to be used"));
    CHECK_THAT(scene.err, Contains("bad mask"));
    if (remote) CHECK(serving.stop() == ExitCode::ok);
}

TEST_CASE("each result says which backend made it") {
    tests::Serving serving;
    serving.script->held = true;
    serving.start();
    Scene scene;
    scene.script->held = true;
    scene.add("a.png");
    scene.add("b.png");
    scene.add("c.png", "no picture");
    scene.settings.generator.remote = {serving.url()};
    std::thread release([&] {
        CHECK(tests::eventually(
            [&] { return scene.script->stage1_runs == 1 && serving.script->stage1_runs == 1; }));
        scene.script->held = serving.script->held = false;
    });
    CHECK(scene.run() == ExitCode::bad_input);
    release.join();
    CHECK(serving.stop() == ExitCode::ok);
    REQUIRE(scene.lines().size() == 3);
    std::set<std::string> devices{scene.lines()[0].device, scene.lines()[1].device};
    CHECK(devices == std::set<std::string>{"cpu", serving.url()});
}

TEST_CASE("all who stand behind a load balancer, or come to, are at work, and none is lost") {
    tests::Serving first, second;
    for (auto* server : {&first, &second}) {
        server->script->held = true;
        server->start();
    }
    // When the first call is lost the miner looks round.
    std::atomic<bool> both = false;
    const tests::Balancer balancer([&](bool call, int before) -> std::uint16_t {
        if (call && before == 0) {
            both = true;
            return 0;
        }
        return both && before % 2 == 1 ? second.port() : first.port();
    });
    Scene scene;
    for (const auto* name : {"a.png", "b.png", "c.png", "d.png", "e.png"}) scene.add(name);
    scene.settings.generator.device = "none";
    scene.settings.generator.remote = {balancer.url()};
    std::thread release([&] {
        CHECK(tests::eventually(
            [&] { return first.script->stage1_runs == 1 && second.script->stage1_runs == 1; }));
        first.script->held = second.script->held = false;
    });
    CHECK(scene.run() == ExitCode::ok);
    release.join();
    tests::Serving::stop_all({&first, &second});
    REQUIRE(scene.lines().size() == 5);
    for (const auto& line : scene.lines()) CHECK(line.outcome == "passed");
    CHECK(first.script->stage1_runs + second.script->stage1_runs == 5);
}

TEST_CASE("where a scorer is there, each result has its score, and none is lost for want of one") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.scorer = std::make_shared<tests::ScorerScript>();
    scene.scorer->totals = {0.81};
    scene.script->voxels = {300};
    scene.scorer->fails_from = 1;
    scene.settings.score.model = "fake";
    scene.settings.candidates.most = 1;
    REQUIRE(scene.run() == ExitCode::ok);
    const auto lines = scene.lines();
    CHECK(lines.at(0).score == 0.81);
    CHECK(lines.at(0).scorer == "fake");
    CHECK_FALSE(lines.at(1).score);
    CHECK(lines.at(1).has_result());
    CHECK_THAT(scene.out, Contains("score 0.81"));
    CHECK_THAT(scene.err, Contains("b.png: not scored"));
    // Candidates are as many as there is time for: none are made here.
    CHECK(scene.script->stage1_runs == 2);
}

TEST_CASE("a scorer whose device is lost ends it with its code, so that the others get a score") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.scorer = std::make_shared<tests::ScorerScript>();
    scene.scorer->failure = generator::Errc::device_lost;
    scene.scorer->fails_from = 0;
    scene.script->voxels = {300};
    scene.settings.score.model = "fake";
    CHECK(scene.run() == ExitCode::device_lost);
    REQUIRE(scene.lines().size() == 1);
    CHECK(scene.lines().at(0).has_result());
    scene.scorer->fails_from = 1'000'000;
    CHECK(scene.run() == ExitCode::ok);
    REQUIRE(scene.lines().size() == 2);
    CHECK(scene.lines().at(1).score);
}

TEST_CASE("a lost device ends it with its code, and what was made is there") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.add("c.png");
    scene.script->voxels = {100, -1};
    scene.script->failure = generator::Errc::device_lost;
    CHECK(scene.run() == ExitCode::device_lost);
    CHECK(scene.lines().size() == 1);
    scene.script->voxels = {100};
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.lines().size() == 3);
}

TEST_CASE("what is wrong with the backends ends it with a reason that is seen") {
    Scene scene;
    scene.add("a.png");
    scene.settings.generator.remote = {"ftp://nowhere"};
    CHECK(scene.run() == ExitCode::usage);
    CHECK_THAT(scene.err, Contains("generator.remote"));
}

TEST_CASE("names from a CSV stay in the folder, and equal ones do not write over one another") {
    Scene scene;
    scene.add("a.png");
    scene.add("list.csv",
              "picture,prompt,name\na.png,,../../up\n,a chair,up\n,a table,/etc/up\na.png,,UP\n");
    REQUIRE(scene.run("list.csv") == ExitCode::ok);
    std::vector<std::string> files;
    for (const auto& line : scene.lines()) files.push_back(line.file);
    CHECK(files == std::vector<std::string>{"up.spz", "up-2.spz", "etc-up.spz", "UP-3.spz"});
    for (const auto& file : files) CHECK(fs::exists(scene.results() / file));
    for (const auto& entry : fs::directory_iterator(scene.folder.path()))
        CHECK((entry.path().filename() == "in" || entry.path().filename() == "out"));
}

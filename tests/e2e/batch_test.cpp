// miner batch: the program itself, with the embedded model, killed and started again.
#include "config/digest.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/batch/manifest.hpp"
#include "tests/e2e/scene.hpp"

#include <algorithm>
#include <csignal>

using namespace tests;

namespace {

// Small pictures of the embedded model's world, and one that is none.
void lay_out(const Scene& scene) {
    const auto pictures = scene.home() / "pictures";
    fs::create_directories(pictures);
    for (const auto* name : {"22_gray_airplane.png", "03_blue_dumbbell.png"})
        fs::copy_file(project_path(std::string("ops/rehearsal/") + name), pictures / name);
    write_text(pictures / "broken.png", "no picture at all");
    write_text(scene.home() / "list.csv",
               "picture,prompt,name\n"
               "pictures/22_gray_airplane.png,,plane\n"
               "pictures/broken.png,,\n"
               ",a gray airplane with blue wings,../plane\n"
               "pictures/03_blue_dumbbell.png,,\n");
}

Scene::Words batch(const std::string& out, Scene::Words more = {}) {
    Scene::Words words{"batch",
                       "list.csv",
                       "-o",
                       out,
                       "--seed",
                       "7",
                       "--gate.min_gaussians",
                       "50000",
                       "--generator.deadline",
                       "3600"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

std::vector<miner::ManifestLine> lines(const Scene& scene, const std::string& out) {
    return miner::read_manifest(scene.home() / out / "manifest.jsonl").value().lines;
}

}  // namespace

TEST_CASE("a batch that is killed goes on where it was, to the same bytes as one that is not") {
    Scene scene;
    lay_out(scene);
    const auto whole = scene.ask(batch("whole"));
    INFO(whole.out << whole.err);
    // One input is no picture: it is named, the others are made.
    CHECK(whole.exit_status == ProcessExit{.code = 65});
    CHECK_THAT(whole.err, contains("miner: pictures/broken.png: "));
    CHECK_THAT(whole.out, contains("3 of 4 made, 1 not to be used"));
    const auto all = lines(scene, "whole");
    REQUIRE(all.size() == 4);
    CHECK(all[0].file == "plane.spz");
    CHECK(all[2].file == "plane-2.spz");
    CHECK(all[3].file == "03_blue_dumbbell.spz");
    for (const auto& line : all) {
        if (!line.has_result()) continue;
        const auto bytes = read_bytes(scene.home() / "whole" / line.file);
        CHECK(config::sha256(bytes) == line.sha256);
        const auto splats = generator::read_splats(bytes);
        REQUIRE(splats.has_value());
        CHECK(std::int64_t(splats->size()) == line.gaussians);
    }

    // Killed as soon as the first result counts, and again with the second.
    for (const std::size_t done : {1U, 2U}) {
        Process miner(scene.miner(batch("cut")));
        REQUIRE(comes_true([&] {
            const auto now = lines(scene, "cut");
            const auto made = std::count_if(now.begin(), now.end(),
                                            [](const auto& line) { return line.has_result(); });
            return std::size_t(made) >= done;
        }));
        REQUIRE(miner.signal(SIGKILL));
        REQUIRE(miner.wait(kPatience) == ProcessExit{.code = -1, .signal = SIGKILL});
    }
    const auto kept = lines(scene, "cut");
    const auto rest = scene.ask(batch("cut"));
    INFO(rest.out << rest.err);
    CHECK(rest.exit_status == ProcessExit{.code = 65});
    const auto were_there =
        std::count_if(kept.begin(), kept.end(), [](const auto& line) { return line.has_result(); });
    CHECK_THAT(rest.out, contains("3 of 4 made (" + std::to_string(were_there) + " were there)"));
    const auto resumed = lines(scene, "cut");
    REQUIRE(resumed.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        INFO(all[i].input);
        CHECK(resumed[i].input == all[i].input);
        CHECK(resumed[i].file == all[i].file);
        CHECK(resumed[i].sha256 == all[i].sha256);
        CHECK(resumed[i].seed == all[i].seed);
        if (all[i].has_result())
            CHECK((read_text(scene.home() / "cut" / all[i].file) ==
                   read_text(scene.home() / "whole" / all[i].file)));
    }
    // What counted before was not made anew: its time stands.
    for (const auto& line : kept) {
        if (!line.has_result()) continue;
        CHECK(std::any_of(resumed.begin(), resumed.end(), [&](const auto& other) {
            return other.input == line.input && other.milliseconds == line.milliseconds;
        }));
    }

    // Regeneration, as an audit does it: one result from its line, by the seed that it names.
    const auto& plane = all[0];
    const auto audit = scene.ask({"--config", "whole/settings.toml", "generate",
                                  "pictures/22_gray_airplane.png", "-o", "audit.spz", "--seed",
                                  std::to_string(plane.seed), "--generator.deadline", "3600"});
    INFO(audit.err);
    CHECK(audit.exit_status == ProcessExit{.code = 0});
    CHECK(config::sha256(read_bytes(scene.home() / "audit.spz")) == plane.sha256);
}

TEST_CASE("a batch stopped by a signal finishes what is at work, and says that there is more") {
    Scene scene;
    constexpr int kMore = 1000;  // than any machine makes before it hears the signal
    std::string prompts;
    for (int i = 0; i < kMore; ++i)
        prompts += "a gray airplane, number " + std::to_string(i) + "\n";
    write_text(scene.home() / "prompts.txt", prompts);
    Process miner(scene.miner({"batch", "prompts.txt", "-o", "out", "--gate.min_gaussians", "50000",
                               "--generator.deadline", "3600", "--run.grace", "600", "--format",
                               "glb", "--previews"}));
    // A line for each that is done.
    REQUIRE(miner.await_text("   1/1000  ", kPatience));
    REQUIRE(miner.signal(SIGTERM));
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 130});
    INFO(miner.err());
    CHECK_THAT(miner.out(), contains("not done yet: the same command goes on"));
    const auto made = lines(scene, "out");
    REQUIRE_FALSE(made.empty());
    CHECK(made.size() < kMore);
    for (const auto& line : made) {
        if (!line.has_result()) continue;
        CHECK(config::sha256(read_bytes(scene.home() / "out" / line.file)) == line.sha256);
        CHECK(fs::exists(scene.home() / "out/previews" /
                         fs::path(line.file).replace_extension("png")));
    }
}

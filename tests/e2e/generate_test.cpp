// miner generate and miner inspect: a picture or prompt in, files out.
#include "tests/e2e/scene.hpp"

#include <csignal>

using namespace tests;
using namespace std::chrono_literals;

namespace {

const Scene::Words kQuick{"--gate.min_gaussians", "50000", "--generator.deadline", "3600"};

Scene::Words operator+(Scene::Words words, const Scene::Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

}  // namespace

TEST_CASE("a picture becomes files that a validator takes, the same for the same seed") {
    Scene scene;
    const auto picture = quick_picture().string();
    const auto first = scene.ask(Scene::Words{"generate", picture, "-o", "a.spz", "--spz", "subnet",
                                              "-o", "a.ply", "--seed", "7", "--json"} +
                                 kQuick);
    INFO(first.out << first.err);
    REQUIRE(first.exit_status == ProcessExit{.code = 0});
    const auto report = boost::json::parse(first.out).as_object();
    CHECK(report.at("outcome") == "passed");
    CHECK(report.at("chosen") == 1);
    const auto& attempt = report.at("attempts").as_array().at(0).as_object();
    CHECK(attempt.at("seed") == 7);
    CHECK(attempt.at("gaussians").as_int64() == 32 * attempt.at("voxels").as_int64());
    CHECK(attempt.at("ms").at("structure").to_number<double>() > 0);
    CHECK(attempt.at("ms").at("latent").to_number<double>() > 0);
    for (const auto& file : report.at("files").as_array()) {
        const auto path = scene.home() / file.at("path").as_string().c_str();
        CHECK(fs::file_size(path) == std::uint64_t(file.at("bytes").as_int64()));
        CHECK(file.at("gaussians").as_int64() > 50'000);
    }
    CHECK_FALSE(fs::exists(scene.home() / "a.spz.part"));

    // Once more, from standard input; a place that cannot be written does not cost the others.
    auto command = scene.miner(Scene::Words{"generate", "-", "-o", "b.spz", "--spz", "subnet", "-o",
                                            "nowhere/c.ply", "-o", "b.ply", "--seed", "7"} +
                               kQuick);
    command.input = read_text(picture);
    const auto again = run_to_end(std::move(command), kPatience);
    INFO(again.out << again.err);
    CHECK(again.exit_status == ProcessExit{.code = 74});
    CHECK_THAT(again.err, contains("nowhere/c.ply"));
    CHECK_THAT(again.out, contains("attempt 1"));
    CHECK_THAT(again.out, contains("b.spz: SPZ of the subnet (404), zstd, "));
    CHECK((read_text(scene.home() / "a.spz") == read_text(scene.home() / "b.spz")));
    CHECK((read_text(scene.home() / "a.ply") == read_text(scene.home() / "b.ply")));

    const auto text = scene.ask({"inspect", "a.spz"});
    CHECK(text.exit_status == ProcessExit{.code = 0});
    for (const auto* part : {"SPZ of the subnet (404), version 2", "validator's checks    pass"})
        CHECK_THAT(text.out, contains(part));
    const auto spz = boost::json::parse(scene.ask({"inspect", "--json", "a.spz"}).out);
    CHECK(spz.at("validator").at("passes") == true);
    CHECK(spz.at("validator").at("decodes") == true);
    CHECK(spz.at("health").at("non_finite").to_number<double>() == 0);
    // Sized as the validator would: its zoom changes nothing.
    CHECK(spz.at("validator").at("zoom").to_number<double>() == Approx(1).margin(0.001));

    auto piped = scene.miner({"inspect", "-", "--json"});
    piped.input = read_text(scene.home() / "a.ply");
    const auto ply = boost::json::parse(run_to_end(std::move(piped), kPatience).out);
    CHECK(ply.at("trellis_layout") == true);
    CHECK(ply.at("validator").at("passes") == true);
    CHECK(ply.at("gaussians") == attempt.at("gaussians"));

    for (const auto* name : {"a.spz", "a.ply"}) {
        auto cut = read_text(scene.home() / name);
        cut.resize(cut.size() / 2);
        write_text(scene.home() / "cut", cut);
        const auto refused = scene.ask({"inspect", "cut"});
        CHECK(refused.exit_status == ProcessExit{.code = 65});
        CHECK_THAT(refused.err, contains("miner: cut: "));
        CHECK(refused.out.empty());
    }
}

TEST_CASE("a prompt becomes splats, and a strange one too or an error that says why") {
    Scene scene;
    const auto made =
        scene.ask(Scene::Words{"generate", "--prompt", "a gray airplane with blue wings", "-o",
                               "a.spz", "--seed", "7", "--json"} +
                  kQuick);
    INFO(made.out << made.err);
    REQUIRE(made.exit_status == ProcessExit{.code = 0});
    const auto report = boost::json::parse(made.out).as_object();
    CHECK(report.at("outcome") == "passed");
    const auto& attempt = report.at("attempts").as_array().at(0).as_object();
    CHECK(attempt.at("chain") == "prompt");
    CHECK(attempt.at("route") == "prompt");
    CHECK(attempt.at("gaussians").as_int64() == 32 * attempt.at("voxels").as_int64());
    CHECK(fs::file_size(scene.home() / "a.spz") > 100'000);

    // A gate that nothing reaches: the structure is made, and no more.
    const auto sparse = scene.ask({"generate", "--prompt", "\x1b[31m\x01\xff", "-o", "b.spz",
                                   "--gate.min_gaussians", "10000000", "--gate.attempts", "1"});
    CHECK(sparse.exit_status == ProcessExit{.code = 1});
    CHECK_THAT(sparse.out, contains("rejected"));
}

TEST_CASE("a picture that stays sparse gives no file, and says what would") {
    Scene scene;
    const auto outcome = scene.ask({"generate", quick_picture().string(), "-o", "a.spz", "--seed",
                                    "1", "--gate.min_gaussians", "9000000", "--gate.floor",
                                    "9000000", "--generator.deadline", "3600"});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 1});
    CHECK_THAT(outcome.out, contains("attempt 1"));
    CHECK_THAT(outcome.out, contains("attempt 2"));
    CHECK_THAT(outcome.out, contains("rejected"));
    CHECK_THAT(outcome.err, contains("--gate.min_gaussians"));
    CHECK_FALSE(fs::exists(scene.home() / "a.spz"));
}

TEST_CASE("a generation that takes too long is given up, and the message names the setting") {
    Scene scene;
    // Ten attempts at what no gate lets through take longer than a second anywhere.
    const auto outcome =
        scene.ask({"generate", quick_picture().string(), "-o", "a.spz", "--gate.min_gaussians",
                   "10000000", "--gate.attempts", "10", "--generator.deadline", "1"});
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status == ProcessExit{.code = 1});
    CHECK_THAT(outcome.err, contains("generator.deadline"));
    CHECK_FALSE(fs::exists(scene.home() / "a.spz"));
}

TEST_CASE("a generation can be interrupted") {
    Scene scene;
    Process miner(scene.miner(
        Scene::Words{"generate", quick_picture().string(), "-o", "a.spz", "--log.level", "info"} +
        kQuick));
    REQUIRE(miner.await_text(" passed ", kPatience));
    miner.signal(SIGINT);
    CHECK(miner.wait(kPatience) == ProcessExit{.code = 130});
    CHECK_FALSE(fs::exists(scene.home() / "a.spz"));
}

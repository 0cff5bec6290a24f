// A batch that goes on where another ended, and what it finds there.
#include "config/digest.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "miner/runtime/signals.hpp"
#include "tests/miner/batch/batch_scene.hpp"
#include "tests/support/catch.hpp"

#include <csignal>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using miner::ExitCode;
using tests::read_whole;
using Scene = tests::BatchScene;

std::string png_text() {
    const auto png = tests::small_png();
    return {png.begin(), png.end()};
}

}  // namespace

TEST_CASE("a signal ends it once what is at work is done, and the same command makes the rest") {
    Scene scene;
    for (const auto* name : {"a.png", "b.png", "c.png"}) scene.add(name);
    scene.script->at_stage1 = [](int number) {
        if (number == 1) ::kill(::getpid(), SIGTERM);
    };
    CHECK(scene.run() == ExitCode::interrupted);
    CHECK(scene.script->stage1_runs == 2);
    CHECK(scene.lines().size() == 2);
    CHECK_THAT(scene.out, Contains("1 not done yet"));
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 3);
    CHECK(scene.loads == 2);
    REQUIRE(scene.lines().size() == 3);
    CHECK(scene.lines()[2].input == "c.png");

    // Nothing is left: no model is loaded for it.
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.loads == 2);
}

TEST_CASE("a result that is gone or was changed is made again, the same") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    REQUIRE(scene.run() == ExitCode::ok);
    const auto before = scene.lines();
    fs::remove(scene.results() / "a.spz");
    std::ofstream(scene.results() / "b.spz", std::ios::app) << "more";
    CHECK(scene.run() == ExitCode::ok);
    CHECK_THAT(scene.err, Contains("a.png: it or its result has changed") &&
                              Contains("b.spz was not as a batch made it: it is b.edited.spz now"));
    CHECK(read_whole(scene.results() / "b.edited.spz").ends_with("more"));
    CHECK(scene.script->stage1_runs == 4);
    const auto after = scene.lines();
    REQUIRE(after.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(after[i].sha256 == before[i].sha256);
        CHECK(config::sha256(read_whole(scene.results() / after[i].file)) == after[i].sha256);
    }
}

TEST_CASE("two folders with equal names into one keep what was made of each") {
    Scene scene;
    scene.add("one/001.png");
    scene.add("two/001.png");
    REQUIRE(scene.run("one") == ExitCode::ok);
    const auto first = read_whole(scene.results() / "001.spz");
    REQUIRE(scene.run("two") == ExitCode::ok);
    CHECK(read_whole(scene.results() / "001.spz") == first);
    const auto lines = scene.lines();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].file == "001-2.spz");
    CHECK(lines[1].file == "001.spz");
    CHECK(scene.run("one") == ExitCode::ok);
    CHECK(scene.run("two") == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 2);
}

TEST_CASE("a preview goes with the result that it shows") {
    Scene scene;
    scene.add("a.png");
    scene.previews = true;
    REQUIRE(scene.run() == ExitCode::ok);
    const auto preview = scene.results() / "previews/a.png";
    CHECK(fs::exists(preview));
    std::ofstream(preview) << "of the first";
    scene.previews = false;
    scene.start_over = true;
    scene.settings.generator.seed = 8;
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK_FALSE(fs::exists(preview));
    scene.previews = true;
    scene.start_over = false;
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(fs::exists(preview));
    CHECK(scene.script->stage1_runs == 2);
}

TEST_CASE("a signal ends the drawing of previews, and the same command draws the rest") {
    Scene scene;
    scene.add("a.png");
    REQUIRE(scene.run() == ExitCode::ok);
    scene.previews = true;
    miner::keep_signals();  // as main does
    ::kill(::getpid(), SIGINT);
    CHECK(scene.run() == ExitCode::interrupted);
    CHECK_THAT(scene.out, Contains("Not all is drawn yet"));
    CHECK_FALSE(fs::exists(scene.results() / "previews"));
    CHECK(scene.run() == ExitCode::ok);
    CHECK(fs::exists(scene.results() / "previews/a.png"));
    CHECK(scene.loads == 1);
}

TEST_CASE("a picture that changed is made again in its place") {
    Scene scene;
    scene.add("a.png");
    REQUIRE(scene.run() == ExitCode::ok);
    const auto before = scene.lines().at(0);
    const auto png = tests::small_png();
    scene.add("a.png", std::string(png.begin(), png.end()) + "another");
    CHECK(scene.run() == ExitCode::ok);
    CHECK_THAT(scene.err, Contains("a.png: it or its result has changed"));
    REQUIRE(scene.lines().size() == 1);
    CHECK(scene.lines()[0].file == before.file);
    CHECK(scene.lines()[0].content != before.content);
}

TEST_CASE("results stay on record while the pictures' disk is gone, and need no model then") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    scene.add("list.txt", "a.png\nb.png\n");
    REQUIRE(scene.run("list.txt") == ExitCode::ok);
    const auto before = scene.lines();
    const auto disk = scene.folder.path() / "elsewhere";
    fs::create_directories(disk);
    for (const auto* name : {"a.png", "b.png"}) fs::rename(scene.in() / name, disk / name);
    CHECK(scene.run("list.txt") == ExitCode::bad_input);
    CHECK_THAT(scene.err, Contains("miner: a.png: cannot be read") && Contains("its result stays"));
    CHECK(scene.loads == 1);
    for (const auto* name : {"a.png", "b.png"}) fs::rename(disk / name, scene.in() / name);
    CHECK(scene.run("list.txt") == ExitCode::ok);
    CHECK_THAT(scene.out, Contains("2 of 2 made (2 were there)"));
    CHECK(scene.script->stage1_runs == 2);
    REQUIRE(scene.lines().size() == 2);
    for (std::size_t i = 0; i < 2; ++i) CHECK(scene.lines()[i].sha256 == before[i].sha256);
}

TEST_CASE("other settings are refused by name, unless all is to be made anew") {
    Scene scene;
    scene.add("a.png");
    REQUIRE(scene.run() == ExitCode::ok);
    scene.settings.gate.attempts = 5;
    CHECK(scene.run() == ExitCode::usage);
    CHECK_THAT(scene.err, Contains("changed: gate.attempts") && Contains("--start-over"));
    CHECK(scene.script->stage1_runs == 1);
    scene.settings.generator.seed = 8;
    scene.settings.gate.attempts = 2;
    CHECK(scene.run() == ExitCode::usage);
    CHECK_THAT(scene.err, Contains("--seed 7, not of 8"));
    scene.start_over = true;
    CHECK(scene.run() == ExitCode::ok);
    REQUIRE(scene.lines().size() == 1);
    CHECK(scene.lines()[0].batch_seed == 8);
}

TEST_CASE("without a seed one is drawn, written down, and kept when it goes on") {
    Scene scene;
    scene.settings.generator.seed = -1;
    scene.add("a.png");
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(scene.lines().at(0).batch_seed == 1234);
    CHECK_THAT(read_whole(scene.results() / "settings.toml"), Contains("generator.seed = 1234\n"));
    scene.settings.generator.seed = 1234;
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 1);
}

TEST_CASE("a folder that cannot take results ends it, and no line says otherwise") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    fs::create_directories(scene.results());
    std::ofstream(scene.results() / "previews") << "in the way";
    scene.previews = true;
    CHECK(scene.run() == ExitCode::storage);
    CHECK_THAT(scene.err, Contains("previews"));
    CHECK(scene.lines().size() == 1);  // its result is there all the same
    CHECK(scene.script->stage1_runs == 1);
    fs::remove(scene.results() / "previews");
    scene.script->at_stage1 = [&](int) {
        fs::rename(scene.results() / ".miner", scene.results() / "elsewhere");
    };
    CHECK(scene.run() == ExitCode::storage);
    CHECK(scene.lines().size() == 1);
    fs::remove_all(scene.results() / "elsewhere");
    scene.script->at_stage1 = nullptr;
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 3);
    for (const auto* name : {"a.png", "b.png"})
        CHECK(fs::exists(scene.results() / "previews" / name));
}

TEST_CASE("files that no batch made keep their names and what is in them") {
    Scene scene;
    scene.add("a.png");
    scene.add("b.png");
    fs::create_directories(scene.results());
    std::ofstream(scene.results() / "a.spz") << "mine";
    std::ofstream(scene.results() / "B.SPZ") << "mine, too";
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(read_whole(scene.results() / "a.spz") == "mine");
    CHECK(read_whole(scene.results() / "B.SPZ") == "mine, too");
    CHECK(scene.lines().at(0).file == "a-2.spz");
    CHECK(scene.lines().at(1).file == "b-2.spz");

    // Results are written over when all is made anew, and such files stay then, too.
    scene.start_over = true;
    scene.settings.generator.seed = 8;
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(read_whole(scene.results() / "a.spz") == "mine");
    CHECK(scene.lines().at(0).file == "a-2.spz");
    CHECK_FALSE(fs::exists(scene.results() / "a-3.spz"));
    CHECK(scene.err.empty());
}

TEST_CASE("previews and files of the folder's owner stay when the batch has some of that name") {
    Scene scene;
    scene.add("chair.png");
    fs::create_directories(scene.results() / "previews");
    const std::vector<std::string> own{"settings.toml", "contact_sheet.png", "manifest.jsonl"};
    std::ofstream(scene.results() / "previews/chair.png") << "mine";
    for (const auto& file : own) std::ofstream(scene.results() / file) << "mine\n";
    scene.previews = GENERATE(false, true);
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(read_whole(scene.results() / "previews/chair.png") == "mine");
    CHECK(scene.lines().at(0).file == "chair-2.spz");
    for (const fs::path file : own) {
        const auto aside = file.stem().string() + ".edited" + file.extension().string();
        CHECK_THAT(scene.err,
                   Contains(file.string() + " was of no batch: it is " + aside + " now"));
        CHECK(read_whole(scene.results() / aside) == "mine\n");
        CHECK(fs::exists(scene.results() / file));
    }
    // What a batch wrote it writes again.
    REQUIRE(scene.run() == ExitCode::ok);
    CHECK(scene.err.empty());
    CHECK_FALSE(fs::exists(scene.results() / "settings.edited-2.toml"));
    CHECK(scene.lines().at(0).file == "chair-2.spz");
}

TEST_CASE("what was made of a picture is not written over when its copy elsewhere changes") {
    Scene scene;
    scene.add("one/001.png", png_text());
    scene.add("two/001.png", png_text());
    REQUIRE(scene.run("one") == ExitCode::ok);
    const auto first = scene.lines().at(0);
    REQUIRE(scene.run("two") == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 1);
    scene.add("two/001.png", png_text() + "another");
    REQUIRE(scene.run("two") == ExitCode::ok);
    CHECK(scene.lines().at(0).file == "001-2.spz");
    CHECK(config::sha256(read_whole(scene.results() / first.file)) == first.sha256);
    CHECK(scene.run("one") == ExitCode::ok);
    CHECK(scene.script->stage1_runs == 2);
}

TEST_CASE("a batch that starts over and is stopped goes on under the names that it had") {
    Scene scene;
    for (const auto* name : {"a.png", "b.png"}) scene.add(name);
    REQUIRE(scene.run() == ExitCode::ok);
    scene.settings.generator.seed = 8;
    scene.start_over = true;
    scene.script->at_stage1 = [](int number) {
        if (number == 2) ::kill(::getpid(), SIGTERM);
    };
    CHECK(scene.run() == ExitCode::interrupted);
    scene.start_over = false;
    CHECK(scene.run() == ExitCode::ok);
    CHECK(scene.lines().at(0).file == "a.spz");
    CHECK(scene.lines().at(1).file == "b.spz");
}

TEST_CASE("what a batch that starts over does not make again is not written over later") {
    Scene scene;
    scene.add("one/a.png");
    scene.add("one/b.png");
    REQUIRE(scene.run("one") == ExitCode::ok);
    const auto old = read_whole(scene.results() / "b.spz");
    scene.add("two/a.png");
    scene.add("three/b.png");
    scene.start_over = true;
    REQUIRE(scene.run("two") == ExitCode::ok);
    scene.start_over = false;
    REQUIRE(scene.run("three") == ExitCode::ok);
    CHECK(scene.lines().at(0).file == "b-2.spz");
    CHECK(read_whole(scene.results() / "b.spz") == old);
}

TEST_CASE("pictures in the folder of results are not taken, nor written over") {
    Scene scene;
    scene.add("a.png");
    scene.add("list.txt", "a.png\n../out/previews/b.png\n");
    const auto kept = scene.results() / "previews/b.png";
    fs::create_directories(kept.parent_path());
    fs::copy_file(scene.in() / "a.png", kept);
    CHECK(scene.run("list.txt") == ExitCode::bad_input);
    CHECK_THAT(scene.err, Contains("lies in the folder of results"));
    CHECK(read_whole(kept) == read_whole(scene.in() / "a.png"));
}

TEST_CASE("what a killed run left half-written goes, and two runs do not share a folder") {
    Scene scene;
    scene.add("a.png");
    const auto own = scene.results() / ".miner";
    fs::create_directories(own);
    std::ofstream(own / ".miner.12.3") << "half";
    fs::create_directories(scene.results() / "previews");
    std::ofstream(scene.results() / "previews/.miner.12.4") << "half";
    {
        const auto lock = miner::InstanceLock::take(own, "lock");
        REQUIRE(lock.has_value());
        CHECK(scene.run() == ExitCode::another_instance);
        CHECK(fs::exists(own / ".miner.12.3"));
    }
    CHECK(scene.run() == ExitCode::ok);
    CHECK_FALSE(fs::exists(own / ".miner.12.3"));
    CHECK_FALSE(fs::exists(scene.results() / "previews/.miner.12.4"));
}

// miner generate from the command line to its end, with a scripted generator or none.
#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/miner/cli/interrupted.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using generator::Errc;
using miner::ExitCode;

// With its storage in that folder; `make` is called in the process of the command.
tests::Outcome generate_in(const fs::path& folder, std::vector<std::string> words,
                           const std::function<miner::MakeGenerator()>& make) {
    words.insert(words.begin(), {"generate", "--storage.path", folder.string()});
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        if (!line) return 64;
        return int(miner::generate_command(*line, make()));
    });
}

// A prompt on that device.
tests::Outcome generate(const std::string& device,
                        const std::function<miner::MakeGenerator()>& make) {
    const tests::TemporaryFolder folder;
    const auto ply = (folder.path() / "a.ply").string();
    return generate_in(folder.path(),
                       {"--prompt", "a red chair", "-o", ply, "--generator.device", device}, make);
}

// Of a model that does not load.
tests::Outcome generate(const std::string& device, const config::Error& error) {
    return generate(device, [error]() -> miner::MakeGenerator {
        return [error](const config::Generator&)
                   -> config::Result<std::unique_ptr<generator::Generator>> { return error; };
    });
}

}  // namespace

TEST_CASE("generate ends with 75 where another start may get the model, and else with 76") {
    const auto lost = generate("auto", config::fail(Errc::device_lost, "no driver is loaded"));
    CHECK(lost.exit_status.code == int(ExitCode::device_lost));
    CHECK_THAT(lost.err, Contains("no driver is loaded"));
    const auto full = config::fail(Errc::out_of_memory, "needs 4 GiB of 1 GiB free");
    CHECK(generate("cuda:0", full).exit_status.code == int(ExitCode::device_lost));
    CHECK(generate("cpu", full).exit_status.code == int(ExitCode::model));
    const auto missing = generate("cuda:0", config::fail(Errc::missing_file, "as tested"));
    CHECK(missing.exit_status.code == int(ExitCode::model));
    CHECK_THAT(missing.err, Contains("as tested"));
}

TEST_CASE("a GPU that is lost while it generates ends with 75, and with what the driver said") {
    const auto outcome = generate("cpu", [] {
        const auto script = std::make_shared<tests::Script>();
        script->voxels = {-1};
        script->failure = Errc::device_lost;
        return tests::make_fake(script);
    });
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status.code == int(ExitCode::device_lost));
    CHECK_THAT(outcome.err, Contains("miner: prompt: ") && Contains("as scripted"));
}

TEST_CASE("a generation that is interrupted is given up, as told on io") {
    const auto outcome = generate("cpu", [] {
        const auto script = std::make_shared<tests::Script>();
        tests::interrupt_at(*script, 0);
        return tests::make_fake(script);
    });
    INFO(outcome.out << outcome.err);
    CHECK(outcome.exit_status.code == int(ExitCode::interrupted));
    CHECK_THAT(outcome.err, Contains("told to stop on io"));
}

TEST_CASE("where the export leaves nothing no file is written, and why is said") {
    const tests::TemporaryFolder folder;
    const auto spz = (folder.path() / "a.spz").string(), ply = (folder.path() / "a.ply").string(),
               whole = (folder.path() / "b.ply").string();
    const auto make = [] {
        const auto script = std::make_shared<tests::Script>();
        script->voxels = {5'000};
        return tests::make_fake(script);
    };
    std::vector<std::string> words{"--prompt", "a red chair", "--export.min_opacity", "1", "-o"};
    words.push_back(spz);
    const auto one = generate_in(folder.path(), words, make);
    INFO(one.out << one.err);
    CHECK(one.exit_status.code == int(ExitCode::no_go));
    CHECK_FALSE(fs::exists(spz));
    CHECK_THAT(one.err, Contains("a.spz: not written: of 160000 Gaussians none is finite, as "
                                 "visible as export.min_opacity asks"));
    CHECK_THAT(one.err, !Contains("sparse"));

    words.insert(words.end(), {"-o", ply, "--up", "y", "--json"});
    const auto two = generate_in(folder.path(), words, make);
    INFO(two.out << two.err);
    CHECK(two.exit_status.code == int(ExitCode::no_go));
    CHECK_FALSE(fs::exists(ply));
    CHECK(boost::json::parse(two.out).at("files").as_array().empty());

    // With the same opacities TRELLIS's own form leaves nothing out.
    const auto own = generate_in(
        folder.path(),
        {"--prompt", "a red chair", "--export.min_opacity", "1", "-o", whole, "--up", "trellis"},
        make);
    INFO(own.out << own.err);
    CHECK(own.exit_status.code == int(ExitCode::ok));
    CHECK(fs::exists(whole));
}

TEST_CASE("generate says which of its pictures went in with its background") {
    const tests::TemporaryFolder folder;
    const auto opaque = generator::encode_png({8, 8, 3, std::vector<std::uint8_t>(8 * 8 * 3, 90)});
    std::vector<std::string> words;
    for (const auto* name : {"a.png", "b.png"}) {
        words.push_back((folder.path() / name).string());
        REQUIRE(miner::write_file(words.back(), opaque));
    }
    words.insert(words.end(), {"-o", (folder.path() / "a.spz").string()});
    for (const bool found : {true, false}) {
        const auto outcome = generate_in(folder.path(), words, [found] {
            const auto script = std::make_shared<tests::Script>();
            script->voxels = {5'000};
            script->no_object = [found](int number) { return number == 1 && !found; };
            return tests::make_fake(script);
        });
        INFO(outcome.out << outcome.err);
        CHECK(outcome.exit_status.code == int(ExitCode::ok));
        if (found)
            CHECK_THAT(outcome.err, !Contains("not cut out"));
        else
            CHECK_THAT(outcome.err, Contains("b.png: not cut out: bad mask: picture 2 of 2: as "
                                             "scripted; went in with all of it"));
    }
}

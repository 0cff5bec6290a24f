// miner generate from the command line to its end, with a scripted generator or none.
#include "generator/errc.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/miner/cli/interrupted.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace {

using Catch::Contains;
using generator::Errc;
using miner::ExitCode;

// A prompt on that device; `make` is called in the process of the command.
tests::Outcome generate(const std::string& device,
                        const std::function<miner::MakeGenerator()>& make) {
    const tests::TemporaryFolder folder;
    const std::vector<std::string> words{"generate",
                                         "--prompt",
                                         "a red chair",
                                         "-o",
                                         (folder.path() / "a.ply").string(),
                                         "--storage.path",
                                         folder.path().string(),
                                         "--generator.device",
                                         device};
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        if (!line) return 64;
        return int(miner::generate_command(*line, make()));
    });
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

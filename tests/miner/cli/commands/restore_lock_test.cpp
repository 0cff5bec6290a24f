// miner restore in a folder that it cannot have to itself.
#include "miner/cli/commands/commands.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <variant>

namespace {

using Catch::Contains;
using miner::ExitCode;

tests::Outcome restore_in(const std::filesystem::path& folder) {
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(
            {"restore", (folder / "copy.db").string(), "--storage.path", folder.string()});
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        return line ? int(miner::restore_command(*line)) : 64;
    });
}

}  // namespace

TEST_CASE("restore asks to stop the miner that works there") {
    const tests::TemporaryFolder folder;
    const auto lock = miner::InstanceLock::take(folder.path());
    REQUIRE(lock.has_value());
    const auto refused = restore_in(folder.path());
    CHECK(refused.exit_status.code == int(ExitCode::another_instance));
    CHECK_THAT(refused.err, Contains("stop the miner first"));
}

TEST_CASE("restore takes a folder that it cannot lock for no miner's") {
    const tests::TemporaryFolder folder;
    // Not to be opened as a file, by root neither.
    std::filesystem::create_directory(folder.path() / "miner.lock");
    const auto refused = restore_in(folder.path());
    CHECK(refused.exit_status.code == int(ExitCode::storage));
    CHECK_THAT(refused.err, Contains("miner.lock") && !Contains("stop the miner"));
}

// Which database stats and tune read.
#include "miner/cli/commands/commands.hpp"
#include "storage/database.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <string>
#include <variant>

namespace {

using Catch::Contains;
using miner::ExitCode;

tests::Outcome read_in(const std::filesystem::path& folder, const std::string& command) {
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line({command, "--storage.path", folder.string()});
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        if (!line) return 64;
        return int(command == "stats" ? miner::stats_command(*line) : miner::tune_command(*line));
    });
}

}  // namespace

TEST_CASE("before anything was mined it is the rehearsal's, but not amid a restore") {
    const std::string command = GENERATE("stats", "tune");
    INFO(command);
    const tests::TemporaryFolder folder;
    std::filesystem::create_directory(folder.path() / "rehearsal");
    REQUIRE(storage::Database::open(folder.path() / "rehearsal" / "miner.db").has_value());
    const auto rehearsal = read_in(folder.path(), command);
    CHECK(rehearsal.exit_status.code == int(ExitCode::ok));
    CHECK_THAT(rehearsal.err, Contains("this is the rehearsal's database"));
    // As a restore leaves it that was cut off before its last step.
    REQUIRE(storage::Database::open(folder.path() / "miner.db.restored").has_value());
    const auto half = read_in(folder.path(), command);
    CHECK(half.exit_status.code == int(ExitCode::storage));
    CHECK_THAT(half.err, Contains("putting back a copy was cut off"));
    CHECK_THAT(half.err, !Contains("rehearsal's"));
    CHECK(half.out.empty());
}

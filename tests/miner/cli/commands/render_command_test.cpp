// miner render from the command line to its picture, its words and its end.
#include "generator/errc.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/generator/splat/splat_cases.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_scorer.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using generator::Errc;
using miner::ExitCode;

tests::Outcome render(const fs::path& file,
                      const miner::MakeRasterizer& make_rasterizer = tests::make_cpu_rasterizer(),
                      const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"render", file, "-o", file.parent_path() / "a.png",
                                   "--size", "16"};
    words.insert(words.end(), more.begin(), more.end());
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line(words);
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        return line ? int(miner::render_command(*line, make_rasterizer)) : 64;
    });
}

tests::Outcome convert(const fs::path& in, const fs::path& out) {
    return tests::run_forked([&] {
        const auto parsed = tests::parse_line({"convert", in, out});
        const auto* line = std::get_if<miner::CommandLine>(&parsed);
        return line ? int(miner::convert_command(*line)) : 64;
    });
}

// A PLY of a cone; `axis` is what it says is up, whatever is.
void write_cone(const fs::path& path, const std::string& axis) {
    auto bytes = generator::write_ply(tests::stored_cone(3'000));
    const std::string format = "format binary_little_endian 1.0\n",
                      says = "comment Vertical Axis: " + axis + "\n";
    const auto at = std::search(bytes.begin(), bytes.end(), format.begin(), format.end());
    bytes.insert(at + std::ptrdiff_t(format.size()), says.begin(), says.end());
    REQUIRE(miner::write_file(path.string(), bytes));
}

}  // namespace

TEST_CASE("a file that says +y is up is drawn upright, and nothing is advised") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply";
    write_cone(ply, "y");
    const auto outcome = render(ply);
    INFO(outcome.err);
    CHECK(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.err, Contains("it says that +y is up") && !Contains("drawn as it lies") &&
                                !Contains("miner convert"));
}

TEST_CASE("what is advised for a file that lies makes one that stands") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply", spz = folder.path() / "a.spz";
    write_cone(ply, "z");
    const auto outcome = render(ply);
    INFO(outcome.err);
    CHECK(outcome.exit_status.code == 0);
    CHECK_THAT(outcome.err,
               Contains("is drawn as it lies") && Contains("`miner convert IN OUT.spz`"));
    const auto converted = convert(ply, spz);
    REQUIRE(converted.exit_status.code == 0);
    CHECK_THAT(converted.out, Contains("from +z up to +y up"));
    CHECK(render(spz).err.empty());
}

TEST_CASE("a GPU that does not answer yet, or that others fill, ends a picture with 75") {
    const tests::TemporaryFolder folder;
    const auto ply = folder.path() / "a.ply";
    write_cone(ply, "y");
    const auto none = [&](Errc error, const char* device) {
        const auto make = [error](const std::string&) -> config::Result<generator::Rasterizer> {
            return config::fail(error, "as tested");
        };
        return render(ply, make, {"--device", device});
    };
    const auto unable = none(Errc::device_lost, "cuda");
    CHECK(unable.exit_status.code == int(ExitCode::device_lost));
    CHECK_THAT(unable.err, Contains("--device: ") && Contains("as tested"));
    CHECK(none(Errc::bad_device, "cuda:7").exit_status.code == int(ExitCode::usage));

    const auto fails = [&](Errc error, const char* device) {
        const auto make = [error](const std::string&) -> config::Result<generator::Rasterizer> {
            return [error](const generator::Gaussians&,
                           const generator::Camera&) -> config::Result<generator::Rendering> {
                return config::fail(error, "as tested");
            };
        };
        return render(ply, make, {"--device", device}).exit_status.code;
    };
    CHECK(fails(Errc::device_lost, "cuda") == int(ExitCode::device_lost));
    CHECK(fails(Errc::out_of_memory, "cuda:0") == int(ExitCode::device_lost));
    CHECK(fails(Errc::out_of_memory, "cpu") == int(ExitCode::bad_input));
    CHECK(fails(Errc::bad_splats, "cuda") == int(ExitCode::bad_input));
    CHECK_FALSE(fs::exists(folder.path() / "a.png"));
}

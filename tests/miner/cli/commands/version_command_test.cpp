// miner version of scripted builds.
#include "config/version.hpp"
#include "miner/cli/commands/commands.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"

#include <boost/json.hpp>

namespace {

using Catch::Contains;

std::string version_of(const generator::About& about, bool json) {
    miner::CommandLine line;
    line.command = miner::Command::version;
    line.version.json = json;
    const auto outcome =
        tests::run_forked([&] { return int(miner::version_command(line, about)); });
    CHECK(outcome.exit_status.code == 0);
    return outcome.out;
}

const generator::About kCuda{.torch = "2.11.0",
                             .cuda = "13.0",
                             .architectures = "8.6 12.0+PTX",
                             .kernels = {{"attention", "AVX-512"}, {"rendering", "AVX2"}}};
const generator::About kPlain{.torch = "2.11.0", .kernels = {{"attention", "torch"}}};

}  // namespace

TEST_CASE("a version tells commit, libraries, architectures and kernels, a line each") {
    CHECK(version_of(kCuda, false) == "miner " + config::version_and_commit() +
                                          "\nlibtorch 2.11.0\nCUDA 13.0\nGPU architectures 8.6 "
                                          "12.0+PTX\nattention: AVX-512\nrendering: AVX2\n");
    CHECK_THAT(version_of(kPlain, false), Contains("\nCUDA none\nGPU architectures none\n"));
}

TEST_CASE("a version as JSON has the same, and null for a build without CUDA") {
    const auto told = boost::json::parse(version_of(kCuda, true));
    CHECK(boost::json::value_to<std::string>(told.at("version")) == config::version());
    CHECK(boost::json::value_to<std::string>(told.at("commit")) == config::commit());
    CHECK(told.at("libtorch") == "2.11.0");
    CHECK(told.at("cuda") == "13.0");
    CHECK(told.at("architectures") == "8.6 12.0+PTX");
    CHECK(told.at("kernels").at("rendering") == "AVX2");
    CHECK(boost::json::parse(version_of(kPlain, true)).at("cuda").is_null());
}

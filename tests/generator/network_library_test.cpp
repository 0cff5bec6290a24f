#include "generator/network_library.hpp"

#include "config/version.hpp"
#include "generator/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using Catch::Contains;
using generator::Errc;
using generator::open_network_library;

namespace {

// The build puts these beside the tests.
std::string beside_tests(const char* name) {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

}  // namespace

TEST_CASE("a library of this build is opened, and an error of it is the same error here") {
    const auto library = open_network_library(beside_tests("libstub_networks.so").c_str());
    REQUIRE(library.has_value());
    CHECK((*library)->build == config::version_and_commit());
    const auto need = (*library)->memory_need({});
    REQUIRE(need.has_error());
    // By a category of the library's own.
    CHECK(&need.error().code.category() != &generator::error_category());
    CHECK(need.error().code == Errc::out_of_memory);
    CHECK(need.error().code != Errc::device_lost);
    CHECK(need.error().message() == "device out of memory: in the library");
    CHECK(open_network_library(beside_tests("libstub_networks.so").c_str()).value() == *library);
}

TEST_CASE("a library of another build is refused by both names") {
    const auto library = open_network_library(beside_tests("libother_networks.so").c_str());
    REQUIRE(library.has_error());
    CHECK(library.error().code == Errc::missing_file);
    CHECK_THAT(
        library.error().message(),
        Contains("libother_networks.so: it is of 0.0.9 (commit 0123456789ab), the program of " +
                 config::version_and_commit()));
}

TEST_CASE("a library that is not there, is none or is another says what to do") {
    const tests::TemporaryFolder folder;
    const auto text = (folder.path() / "libtext.so").string();
    std::ofstream(text) << "no library";
    for (const auto& [file, why] :
         std::vector<std::pair<std::string, std::string>>{{"libno_such_thing.so", "No such file"},
                                                          {text, "file too short"},
                                                          {"libm.so.6", "miner_networks"}}) {
        const auto library = open_network_library(file.c_str());
        REQUIRE(library.has_error());
        CHECK(library.error().code == Errc::missing_file);
        CHECK_THAT(library.error().message(),
                   Contains(file) && Contains(why) && Contains("install the package anew"));
    }
}

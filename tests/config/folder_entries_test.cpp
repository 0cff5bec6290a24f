#include "config/folder_entries.hpp"

#include "tests/support/broken_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fstream>
#include <set>
#include <string>

namespace fs = std::filesystem;

TEST_CASE("all that lies in a folder is listed, and nothing of what lies below") {
    const tests::TemporaryFolder folder;
    fs::create_directory(folder.path() / "b");
    for (const auto* name : {"a", "b/c", ".d"}) std::ofstream(folder.path() / name) << "x";
    std::error_code error;
    std::set<std::string> names;
    for (const auto& entry : config::folder_entries(folder.path(), error))
        names.insert(entry.path().filename().string());
    CHECK_FALSE(error);
    CHECK(names == std::set<std::string>{"a", "b", ".d"});
}

TEST_CASE("of a folder that is not there, or is none, nothing is listed, and why") {
    const tests::TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "x";
    std::error_code error;
    CHECK(config::folder_entries(folder.path() / "none", error).empty());
    CHECK(error == std::errc::no_such_file_or_directory);
    CHECK(config::folder_entries(folder.path() / "file", error).empty());
    CHECK(error == std::errc::not_a_directory);
    CHECK(config::folder_entries(folder.path(), error).size() == 1);
    CHECK_FALSE(error);
}

TEST_CASE(
    "of a folder whose disk fails in the middle of it what was read is listed, and why no more") {
    const tests::TemporaryFolder folder;
    for (const auto* name : {"a", "b", "c"}) std::ofstream(folder.path() / name) << "x";
    std::error_code error;
    {
        const tests::BrokenFolder broken(folder.path());
        CHECK(config::folder_entries(folder.path(), error).size() == 1);
        CHECK(error == std::errc::io_error);
    }
    CHECK(config::folder_entries(folder.path(), error).size() == 3);
    CHECK_FALSE(error);
}

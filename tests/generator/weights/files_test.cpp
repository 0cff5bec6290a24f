#include "generator/weights/files.hpp"

#include "generator/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/no_descriptors.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using generator::Errc;

namespace {

class Folder {
public:
    Folder()
        : path(std::filesystem::temp_directory_path() /
               ("files_test_" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path / "ckpts");
    }
    ~Folder() { std::filesystem::remove_all(path); }

    std::filesystem::path path;
};

}  // namespace

TEST_CASE("a name that leaves its folder is refused") {
    for (const char* name :
         {"", "/etc/passwd", "../x", "ckpts/../../x", "a//b", "a/", "..", "a\\b", "a\nb"}) {
        INFO(name);
        CHECK_FALSE(generator::stays_inside(name));
    }
    CHECK_FALSE(generator::stays_inside(std::string(600, 'a')));
    for (const char* name : {"pipeline.json", "ckpts/ss_flow.json", "a..b/c", ".hidden"}) {
        INFO(name);
        CHECK(generator::stays_inside(name));
    }
}

TEST_CASE("a file is mapped as it is and outlives its folder object") {
    const Folder folder;
    std::ofstream(folder.path / "ckpts/a.json") << "hello";
    std::ofstream(folder.path / "empty").flush();
    auto files = generator::folder_files(folder.path);
    CHECK(files->has("ckpts/a.json"));
    const auto bytes = files->open("ckpts/a.json");
    const auto empty = files->open("empty");
    files.reset();
    REQUIRE(bytes.has_value());
    CHECK(bytes->text() == "hello");
    REQUIRE(empty.has_value());
    CHECK(empty->data.empty());
}

TEST_CASE("what is absent or no file says its path") {
    const Folder folder;
    const auto files = generator::folder_files(folder.path);
    const auto absent = files->open("ckpts/none.json");
    CHECK(absent.error().code == Errc::missing_file);
    CHECK(absent.error().detail.find("ckpts/none.json") != std::string::npos);
    CHECK(files->open("ckpts").error().code == Errc::missing_file);
    CHECK(files->open("../secret").error().code == Errc::bad_checkpoint);
    CHECK_FALSE(files->has("ckpts"));
}

TEST_CASE("a file that cannot be opened just now is not taken for one that is missing") {
    const Folder folder;
    std::ofstream(folder.path / "ckpts/a.json") << "hello";
    const auto files = generator::folder_files(folder.path);
    const auto bytes = [&] {
        const tests::NoDescriptors none;
        return files->open("ckpts/a.json");
    }();
    REQUIRE(bytes.has_error());
    CHECK(bytes.error().code == Errc::disk_failed);
    CHECK_THAT(bytes.error().detail,
               Catch::Contains("ckpts/a.json") && Catch::Contains("Too many open files"));
    CHECK(files->open("ckpts/a.json").has_value());
}

TEST_CASE("a git-lfs pointer or a web page in a file's place is named, whatever the file is") {
    const Folder folder;
    const auto files = generator::folder_files(folder.path);
    for (const char* name : {"ckpts/a.safetensors", "ckpts/a.onnx", "ckpts/a.json", "merges.txt"}) {
        std::ofstream(folder.path / name)
            << "version https://git-lfs.github.com/spec/v1\noid sha256:" << std::string(64, 'a')
            << "\nsize 1136172\n";
        const auto pointer = files->open(name);
        REQUIRE_FALSE(pointer.has_value());
        CHECK(pointer.error().code == Errc::bad_checkpoint);
        CHECK_THAT(pointer.error().detail, Catch::Contains(name) &&
                                               Catch::Contains("git-lfs pointer") &&
                                               Catch::Contains("git lfs pull"));
        for (const char* page : {"<!DOCTYPE html><title>Sign in</title>", "\n <HTML lang=en>",
                                 "\xef\xbb\xbf<!doctype HTML>"}) {
            std::ofstream(folder.path / name) << page;
            const auto html = files->open(name);
            REQUIRE_FALSE(html.has_value());
            CHECK_THAT(html.error().detail, Catch::Contains(name) && Catch::Contains("HTML page"));
        }
        std::ofstream(folder.path / name) << "version of something else";
        CHECK(files->open(name).has_value());
    }
}

#include "config/durable_file.hpp"

#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace config;
namespace fs = std::filesystem;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Result<void> write(const fs::path& path, std::string_view text) {
    return write_durably(path, bytes(text));
}

std::string content(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

mode_t mode_of(const fs::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

bool is_device(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode);
}

std::string all_from(int descriptor) {
    std::string text;
    char block[256];
    for (ssize_t got; (got = ::read(descriptor, block, sizeof block)) > 0;)
        text.append(block, std::size_t(got));
    return text;
}

}  // namespace

TEST_CASE("a file is written whole, and written over whole, with its permissions") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "file";
    REQUIRE(write(file, "first").has_value());
    CHECK(content(file) == "first");
    REQUIRE(::chmod(file.c_str(), 0640) == 0);
    REQUIRE(write(file, "").has_value());
    CHECK(content(file).empty());
    CHECK(mode_of(file) == 0640);
    CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a path without a folder is one in the folder of the process") {
    const tests::TemporaryFolder folder;
    const auto before = fs::current_path();
    fs::current_path(folder.path());
    const auto written = write("file", "here");
    fs::current_path(before);
    CHECK(written.has_value());
    CHECK(content(folder.path() / "file") == "here");
}

TEST_CASE("a link stays one, and what it leads to is written") {
    const tests::TemporaryFolder folder;
    const auto at = [&](const char* name) { return folder.path() / name; };
    fs::create_directory(at("far"));
    std::ofstream(at("far/file")) << "old";
    fs::create_symlink("far/file", at("link"));
    fs::create_symlink(at("link"), at("second"));
    fs::create_symlink("far/new", at("dangling"));
    REQUIRE(write(at("second"), "new").has_value());
    REQUIRE(write(at("dangling"), "made").has_value());
    CHECK(fs::is_symlink(at("link")));
    CHECK(fs::is_symlink(at("second")));
    CHECK(fs::is_symlink(at("dangling")));
    CHECK(content(at("far/file")) == "new");
    CHECK(content(at("far/new")) == "made");
    fs::create_symlink("round", at("about"));
    fs::create_symlink("about", at("round"));
    CHECK(write(at("round"), "x").error().code ==
          boost::system::errc::too_many_symbolic_link_levels);
}

TEST_CASE("devices and pipes are written into and stay what they are") {
    const tests::TemporaryFolder folder;
    CHECK(write("/dev/null", "gone").has_value());
    CHECK(is_device("/dev/null"));
    CHECK(write("/dev/full", "gone").error().code == boost::system::errc::no_space_on_device);
    CHECK(is_device("/dev/full"));
    fs::create_symlink("/dev/null", folder.path() / "to_null");
    CHECK(write(folder.path() / "to_null", "gone").has_value());
    CHECK(fs::is_symlink(folder.path() / "to_null"));

    const auto pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const OwnedDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(reader);
    REQUIRE(write(pipe, "through").has_value());
    CHECK(all_from(reader.get()) == "through");
    CHECK(fs::is_fifo(pipe));
}

TEST_CASE("our own descriptors by name are written on where they are") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "file";
    const OwnedDescriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(out);
    const auto folder_of_numbers = GENERATE("/dev/fd/", "/proc/self/fd/");
    const auto name = folder_of_numbers + std::to_string(out.get());
    REQUIRE(write_all(out.get(), bytes("before ")));
    REQUIRE(write(name, "within ").has_value());
    REQUIRE(write_all(out.get(), bytes("after")));
    CHECK(content(file) == "before within after");
    CHECK(write("/dev/fd/900", "x").error().code == boost::system::errc::bad_file_descriptor);
}

TEST_CASE("a folder and a file that may not be written are refused and left alone") {
    const tests::TemporaryFolder folder;
    CHECK(write(folder.path(), "x").error().code == boost::system::errc::is_a_directory);
    CHECK(write(folder.path() / "none/", "x").has_error());
    CHECK(write(folder.path() / "none" / "file", "x").error().code ==
          boost::system::errc::no_such_file_or_directory);
    const auto file = folder.path() / "file";
    std::ofstream(file) << "kept";
    REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    REQUIRE(::chmod(file.c_str(), 0444) == 0);
    CHECK(tests::unprivileged([&] {
              const auto written = write(file, "lost");
              return written                                                          ? 0
                     : written.error().code == boost::system::errc::permission_denied ? 1
                                                                                      : 2;
          }) == 1);
    CHECK(content(file) == "kept");
}

TEST_CASE("without room the old content stays, and nothing beside it") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "file";
    REQUIRE(write(file, "old").has_value());
    REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
    CHECK(tests::unprivileged([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{100, 100};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              const auto written = write(file, std::string(1000, 'x'));
              return written                                                       ? 0
                     : written.error().code == boost::system::errc::file_too_large ? 1
                                                                                   : 2;
          }) == 1);
    CHECK(content(file) == "old");
    CHECK(names_in(folder.path()) == std::vector<std::string>{"file"});
}

TEST_CASE("a file that others wrote takes a place durably, or says why not") {
    const tests::TemporaryFolder folder;
    const auto from = folder.path() / "from", to = folder.path() / "to";
    std::ofstream(from) << "new";
    std::ofstream(to) << "old";
    REQUIRE(rename_durably(from, to).has_value());
    CHECK(content(to) == "new");
    CHECK(rename_durably(from, to).error().code == boost::system::errc::no_such_file_or_directory);
    CHECK(sync_folder(folder.path() / "none").has_error());
}

TEST_CASE("a file that was made takes after another with its permissions, after a folder without") {
    const tests::TemporaryFolder folder;
    const auto model = folder.path() / "model", made = folder.path() / "made";
    for (const auto& file : {model, made}) REQUIRE(write(file, "x").has_value());
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    REQUIRE(::chmod(model.c_str(), 0640) == 0);
    REQUIRE(::chmod(made.c_str(), 0600) == 0);
    const OwnedDescriptor file(::open(made.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    for (const auto& other : {folder.path(), folder.path() / "none"}) {
        take_after(other, file.get());
        CHECK(mode_of(made) == 0600);
    }
    take_after(model, file.get());
    CHECK(mode_of(made) == 0640);
    CHECK(content(made) == "x");
}

TEST_CASE("what root makes belongs to the owner of the folder that it lies in") {
    const tests::TemporaryFolder folder, elsewhere;
    const auto at = [&](const char* name) { return folder.path() / name; };
    REQUIRE(write(at("old"), "of root").has_value());
    REQUIRE(write(elsewhere.path() / "old", "of root").has_value());
    fs::create_symlink(elsewhere.path() / "old", at("link"));
    if (!tests::give_to_nobody(folder.path())) {
        WARN("not tested: only root may give files away");
        return;
    }
    REQUIRE(make_folders(at("new") / "below").has_value());
    REQUIRE(write(at("new") / "below" / "whole", "x").has_value());
    REQUIRE(make_file(at("made"), O_WRONLY));
    REQUIRE(open_or_make(at("opened"), O_WRONLY));
    for (const auto* name : {"new", "new/below", "new/below/whole", "made", "opened"}) {
        CAPTURE(name);
        CHECK(tests::is_of_nobody(at(name)));
    }
    // What is there already is given to nobody, be it under a link.
    CHECK_FALSE(make_file(at("old"), O_WRONLY));
    REQUIRE(open_or_make(at("old"), O_WRONLY));
    REQUIRE(open_or_make(at("link"), O_WRONLY));
    REQUIRE(write(at("old"), "y").has_value());
    for (const auto* name : {"old", "link"}) CHECK_FALSE(tests::is_of_nobody(at(name)));
}

TEST_CASE("a folder is made with those above it, and one that is there stays as it is") {
    const tests::TemporaryFolder folder;
    const auto deep = folder.path() / "one" / "two" / "three";
    REQUIRE(make_folders(deep).has_value());
    CHECK(fs::is_directory(deep));
    REQUIRE(write(deep / "file", "content").has_value());
    REQUIRE(make_folders(deep / "").has_value());
    REQUIRE(make_folders(deep / "." / ".." / "three").has_value());
    CHECK(content(deep / "file") == "content");
    CHECK(names_in(deep.parent_path()) == std::vector<std::string>{"three"});
    CHECK(make_folders("/").has_value());
    CHECK(make_folders(".").has_value());
}

TEST_CASE("a file in the way of a folder is named, and left alone") {
    const tests::TemporaryFolder folder;
    REQUIRE(write(folder.path() / "file", "content").has_value());
    for (const char* name : {"file", "file/below", "file/below/deeper"}) {
        const auto made = make_folders(folder.path() / name);
        REQUIRE(made.has_error());
        CHECK(made.error().code == boost::system::errc::not_a_directory);
        CHECK_THAT(made.error().detail, Catch::Contains("file"));
    }
    CHECK(content(folder.path() / "file") == "content");
}

#include "weights/part_file.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <csignal>
#include <fstream>
#include <iterator>

#include <sys/resource.h>

namespace fs = std::filesystem;
using weights::PartFile;

namespace {

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void put(PartFile& file, std::size_t index, const std::string& bytes) {
    REQUIRE(file.write(file.segment(index).begin, bytes).has_value());
    REQUIRE(file.complete(index).has_value());
}

// While it lives no file of this process grows beyond so many bytes, as if the disk were full.
class FileLimit {
public:
    explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    void (*handler_)(int);
    rlimit before_{};
};

}  // namespace

TEST_CASE("a file gets its name when all of its segments have come, in whatever order") {
    const tests::TemporaryFolder folder;
    const auto name = folder.path() / "ckpts" / "a.safetensors";
    auto file = PartFile::open(name, 10, "digest", 4).value();
    CHECK(file.missing_bytes() == 10);
    put(file, 2, "ij");
    put(file, 0, "abcd");
    CHECK(file.missing() == std::vector<std::size_t>{1});
    CHECK(file.finish().has_error());
    CHECK_FALSE(fs::exists(name));
    put(file, 1, "efgh");
    REQUIRE(file.finish().has_value());
    CHECK(content_of(name) == "abcdefghij");
    CHECK(std::distance(fs::directory_iterator(name.parent_path()), {}) == 1);
}

TEST_CASE("a disk that fills up is told as such, and what had come is kept") {
    const tests::TemporaryFolder folder;
    const auto name = folder.path() / "a";
    {
        auto file = PartFile::open(name, 10, "digest", 4).value();
        put(file, 0, "abcd");
        const FileLimit full(6);
        const auto written = file.write(4, "efgh");
        REQUIRE(written.has_error());
        CHECK(written.error().code == network::Errc::no_space);
        CHECK(written.error().detail.find("a.part") != std::string::npos);
    }
    CHECK_FALSE(fs::exists(name));
    auto file = PartFile::open(name, 10, "digest", 4).value();
    CHECK(file.missing() == std::vector<std::size_t>{1, 2});
    put(file, 1, "efgh");
    put(file, 2, "ij");
    REQUIRE(file.finish().has_value());
    CHECK(content_of(name) == "abcdefghij");
}

TEST_CASE("a fetch that was cut off goes on where it was") {
    const tests::TemporaryFolder folder;
    const auto name = folder.path() / "a";
    {
        auto file = PartFile::open(name, 10, "digest", 4).value();
        put(file, 1, "efgh");
        REQUIRE(file.write(0, "ab").has_value());  // not complete
    }
    auto file = PartFile::open(name, 10, "digest", 4).value();
    CHECK(file.missing() == std::vector<std::size_t>{0, 2});
    CHECK(file.missing_bytes() == 6);
    put(file, 0, "abcd");
    put(file, 2, "ij");
    REQUIRE(file.finish().has_value());
    CHECK(content_of(name) == "abcdefghij");
}

TEST_CASE("what is left of another content, size or cut is thrown away") {
    const tests::TemporaryFolder folder;
    const auto name = folder.path() / "a";
    const auto leave = [&] {
        auto file = PartFile::open(name, 10, "digest", 4).value();
        put(file, 1, "efgh");
    };
    leave();
    CHECK(PartFile::open(name, 10, "another", 4).value().missing().size() == 3);
    leave();
    CHECK(PartFile::open(name, 11, "digest", 4).value().missing().size() == 3);
    leave();
    CHECK(PartFile::open(name, 10, "digest", 5).value().missing().size() == 2);
    leave();
    fs::resize_file(folder.path() / "a.part", 3);
    CHECK(PartFile::open(name, 10, "digest", 4).value().missing().size() == 3);
    leave();
    std::ofstream(folder.path() / "a.part.done") << "digest 10 4\n999999999999\nx";
    CHECK(PartFile::open(name, 10, "digest", 4).value().missing().size() == 3);
}

TEST_CASE("more bytes than the file has are refused, and so is a place that cannot be written") {
    const tests::TemporaryFolder folder;
    auto file = PartFile::open(folder.path() / "a", 10, "digest", 4).value();
    CHECK(file.write(8, "abc").error().code == network::Errc::malformed);
    CHECK(file.write(-1, "a").error().code == network::Errc::malformed);
    std::ofstream(folder.path() / "f") << "a file";
    const auto blocked = PartFile::open(folder.path() / "f" / "a", 10, "digest", 4);
    CHECK(blocked.error().code == network::Errc::io);
}

TEST_CASE("an empty file is whole at once") {
    const tests::TemporaryFolder folder;
    auto file = PartFile::open(folder.path() / "a", 0, "digest", 4).value();
    CHECK(file.missing().empty());
    REQUIRE(file.finish().has_value());
    CHECK(fs::file_size(folder.path() / "a") == 0);
}

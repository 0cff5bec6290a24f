#include "config/whole_file.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/no_descriptors.hpp"
#include "tests/support/temporary_folder.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

using config::is_lasting;
using config::read_whole_file;
namespace fs = std::filesystem;

namespace {

int error_of(const fs::path& path, std::size_t most = 100) {
    const auto read = read_whole_file(path, most);
    REQUIRE(read.has_error());
    CHECK(read.error().detail == path.string());
    return read.error().code.value();
}

}  // namespace

TEST_CASE("a plain file is read whole, through links, up to a limit") {
    const tests::TemporaryFolder folder;
    const auto file = folder.path() / "file", link = folder.path() / "link";
    const std::string large(200'000, 'x');
    std::ofstream(file) << large;
    fs::create_symlink(file, link);
    CHECK(read_whole_file(link, large.size()).value() == large);
    CHECK(error_of(file, large.size() - 1) == EFBIG);
    std::ofstream(file, std::ios::trunc).close();
    CHECK(read_whole_file(file, 0).value().empty());
}

TEST_CASE("what is no plain file is told without waiting for it, and so is what is not there") {
    const tests::TemporaryFolder folder;
    const auto pipe = folder.path() / "pipe", link = folder.path() / "link";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    fs::create_symlink(link, link);
    CHECK(error_of(folder.path()) == EISDIR);
    CHECK(error_of(pipe) == EINVAL);
    CHECK(error_of("/dev/zero") == EINVAL);
    CHECK(error_of(link) == ELOOP);
    CHECK(error_of(folder.path() / "none") == ENOENT);
    CHECK(error_of(pipe / "none") == ENOTDIR);
}

TEST_CASE("a socket in a file's place is no plain file") {
    const tests::TemporaryFolder folder;
    const auto path = folder.path() / "socket";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.string().size() < sizeof address.sun_path);
    std::strcpy(address.sun_path, path.c_str());
    const config::OwnedDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(error_of(path) == EINVAL);
}

TEST_CASE("a disk that fails is told from a file that is not as it should be") {
    CHECK(error_of("/proc/self/mem") == EIO);  // whose first byte nobody can read
    int error = 0;
    {
        const tests::NoDescriptors none;
        error = error_of("/dev/null");
    }
    CHECK(error == EMFILE);
    for (const int passing : {EIO, ESTALE, EMFILE, ENFILE, ENOMEM, ETIMEDOUT, EHOSTDOWN})
        CHECK_FALSE(is_lasting(passing));
    for (const int lasting : {ENOENT, ENOTDIR, EACCES, EPERM, ELOOP, ENAMETOOLONG, EISDIR, EFBIG})
        CHECK(is_lasting(lasting));
}

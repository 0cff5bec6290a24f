#include "config/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace config {
namespace {

Error system_error(int number, const std::filesystem::path& path) {
    return {boost::system::error_code(number, boost::system::system_category()), path.string()};
}

}  // namespace

Result<OwnedDescriptor> open_plain_file(const std::filesystem::path& path) {
    auto file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    // A socket, or a device that nothing stands behind.
    if (!file) return system_error(errno == ENXIO ? EINVAL : errno, path);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_error(errno, path);
    if (S_ISDIR(status.st_mode)) return system_error(EISDIR, path);
    if (!S_ISREG(status.st_mode)) return system_error(EINVAL, path);
    return file;
}

Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t most) {
    const auto file = open_plain_file(path);
    if (!file) return file.error();
    std::string text;
    std::array<char, 1 << 16> piece;
    for (;;) {
        const auto got = ::read(file->get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(errno, path);
        if (got == 0) return text;
        if (std::size_t(got) > most - text.size()) return system_error(EFBIG, path);
        text.append(piece.data(), std::size_t(got));
    }
}

bool is_lasting(int error) {
    static constexpr std::array kLasting{ENOENT, ENOTDIR,      EACCES, EPERM, ELOOP,
                                         EISDIR, ENAMETOOLONG, EINVAL, EFBIG, ENODEV};
    return std::find(kLasting.begin(), kLasting.end(), error) != kLasting.end();
}

}  // namespace config

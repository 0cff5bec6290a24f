#include "storage/file.hpp"

#include "storage/errc.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

namespace storage {

config::Error failed(int system_error, const std::filesystem::path& where) {
    const auto words = where.string() + ": " + std::generic_category().message(system_error);
    switch (system_error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return config::fail(Errc::full, words + "; free some space, or lower storage.keep_gb");
        case EROFS:
        case EACCES:
        case EPERM:
            return config::fail(Errc::read_only, words + "; make it writable for this user");
        default:
            return config::fail(Errc::io, words + "; check the disk");
    }
}

config::Error failed(const config::Error& error, const std::filesystem::path& where) {
    return failed(error.code.value(), where);
}

int read_all(int descriptor, std::vector<std::uint8_t>& bytes) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EISDIR;
    bytes.resize(std::size_t(status.st_size));
    std::size_t size = 0;
    while (size < bytes.size()) {
        const auto got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        size += std::size_t(got);
    }
    bytes.resize(size);
    return 0;
}

}  // namespace storage

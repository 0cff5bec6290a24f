#include "storage/file.hpp"

#include "storage/errc.hpp"

#include <cerrno>
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

}  // namespace storage

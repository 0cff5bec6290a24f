#include "weights/digest.hpp"

#include "config/digest.hpp"
#include "config/whole_file.hpp"
#include "network/errc.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace weights {
namespace {

config::Result<std::string> digest_of(const std::filesystem::path& file, config::Digest digest) {
    const auto in = config::open_plain_file(file);
    if (!in) return read_failure(file, in.error().code.value());
    std::vector<char> block(1 << 20);
    for (;;) {
        const auto got = ::read(in->get(), block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return read_failure(file, errno);
        if (got == 0) return digest.hex();
        digest.add({block.data(), std::size_t(got)});
    }
}

}  // namespace

config::Error read_failure(const std::filesystem::path& file, int error) {
    return config::fail(config::is_lasting(error) ? network::Errc::io : network::Errc::disk_failed,
                        file.string() + ": " + std::strerror(error));
}

config::Result<std::string> sha256_of(const std::filesystem::path& file) {
    return digest_of(file, config::Digest(config::Digest::Kind::sha256));
}

config::Result<std::string> git_blob_sha1_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return read_failure(file, error.value());
    std::string prefix = "blob " + std::to_string(size);
    prefix += '\0';
    config::Digest digest(config::Digest::Kind::sha1);
    digest.add(prefix);
    return digest_of(file, std::move(digest));
}

}  // namespace weights

#include "weights/digest.hpp"

#include "config/digest.hpp"
#include "network/errc.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace weights {
namespace {

config::Result<std::string> digest_of(const std::filesystem::path& file, config::Digest digest) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"),
                                                             std::fclose);
    if (!in) return config::fail(network::Errc::io, file.string() + ": " + std::strerror(errno));
    std::vector<char> block(1 << 20);
    while (const auto got = std::fread(block.data(), 1, block.size(), in.get()))
        digest.add({block.data(), got});
    if (std::ferror(in.get()))
        return config::fail(network::Errc::io, file.string() + ": cannot be read");
    return digest.hex();
}

}  // namespace

config::Result<std::string> sha256_of(const std::filesystem::path& file) {
    return digest_of(file, config::Digest(config::Digest::Kind::sha256));
}

config::Result<std::string> git_blob_sha1_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return config::fail(network::Errc::io, file.string() + ": " + error.message());
    std::string prefix = "blob " + std::to_string(size);
    prefix += '\0';
    config::Digest digest(config::Digest::Kind::sha1);
    digest.add(prefix);
    return digest_of(file, std::move(digest));
}

}  // namespace weights

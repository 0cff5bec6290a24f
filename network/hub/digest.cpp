#include "network/hub/digest.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace network {
namespace {

config::Result<std::string> digest_of(const std::filesystem::path& file, const EVP_MD* kind,
                                      std::string_view prefix) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "rb"),
                                                             std::fclose);
    if (!in) return config::fail(Errc::io, file.string() + ": " + std::strerror(errno));
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     EVP_MD_CTX_free);
    if (!context || EVP_DigestInit_ex(context.get(), kind, nullptr) != 1) throw std::bad_alloc();
    EVP_DigestUpdate(context.get(), prefix.data(), prefix.size());
    std::vector<char> block(1 << 20);
    while (const auto got = std::fread(block.data(), 1, block.size(), in.get()))
        EVP_DigestUpdate(context.get(), block.data(), got);
    if (std::ferror(in.get())) return config::fail(Errc::io, file.string() + ": cannot be read");
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
    unsigned length = 0;
    EVP_DigestFinal_ex(context.get(), digest.data(), &length);
    return to_hex(std::span(digest.data(), length));
}

}  // namespace

config::Result<std::string> sha256_of(const std::filesystem::path& file) {
    return digest_of(file, EVP_sha256(), {});
}

config::Result<std::string> git_blob_sha1_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    if (error) return config::fail(Errc::io, file.string() + ": " + error.message());
    std::string prefix = "blob " + std::to_string(size);
    prefix += '\0';
    return digest_of(file, EVP_sha1(), prefix);
}

}  // namespace network

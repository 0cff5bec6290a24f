#include "config/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace config {
namespace {

EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

Digest::Digest(Kind kind)
    : context_(EVP_MD_CTX_new(), [](void* context) { EVP_MD_CTX_free(of(context)); }) {
    const auto* const algorithm = kind == Kind::sha256 ? EVP_sha256() : EVP_sha1();
    if (!context_ || EVP_DigestInit_ex(of(context_.get()), algorithm, nullptr) != 1)
        throw std::bad_alloc();
}

void Digest::add(std::string_view bytes) {
    EVP_DigestUpdate(of(context_.get()), bytes.data(), bytes.size());
}

std::string Digest::hex() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(of(context_.get()), digest.data(), &length);
    std::string hex;
    hex.reserve(2 * std::size_t(length));
    for (std::size_t i = 0; i < length; ++i)
        hex += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
    return hex;
}

std::string sha256(std::span<const std::uint8_t> bytes) {
    return sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string sha256(std::string_view bytes) {
    Digest digest(Digest::Kind::sha256);
    digest.add(bytes);
    return digest.hex();
}

}  // namespace config

#include "storage/sha256.hpp"

#include <openssl/sha.h>

namespace storage {

std::string sha256(std::span<const std::uint8_t> bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256(bytes.data(), bytes.size(), digest);
    std::string hex;
    hex.reserve(2 * SHA256_DIGEST_LENGTH);
    for (const auto byte : digest) hex += {kHex[byte >> 4], kHex[byte & 15]};
    return hex;
}

std::string sha256(std::string_view text) {
    return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace storage

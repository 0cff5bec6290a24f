#include "network/base64.hpp"

#include "network/errc.hpp"

#include <sodium.h>

namespace network {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

}  // namespace

std::string base64_encode(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();  // sodium counts the closing zero
    return text;
}

config::Result<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
    if (text.empty()) return std::vector<std::uint8_t>();  // libsodium takes no null
    // libsodium 1.0.18 takes bytes beyond ASCII for digits.
    if (text.find_first_not_of(kAlphabet) != text.npos)
        return config::fail(Errc::malformed, "not base64");
    std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
    std::size_t size = 0;
    const char* end = nullptr;
    if (text.size() % 4 != 0 ||
        sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                          &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size())
        return config::fail(Errc::malformed, "not base64");
    bytes.resize(size);
    return bytes;
}

}  // namespace network

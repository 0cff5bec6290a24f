#include "network/hex.hpp"

#include <sodium.h>

namespace network {

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string text(2 * bytes.size() + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();  // sodium's closing zero
    return text;
}

bool from_hex(std::string_view text, std::span<std::uint8_t> bytes) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.size() != 2 * bytes.size()) return false;
    if (bytes.empty()) return true;  // its data() may be null, which sodium does not allow
    std::size_t length = 0;
    return sodium_hex2bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                          nullptr) == 0 &&
           length == bytes.size();
}

}  // namespace network

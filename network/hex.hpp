// Bytes as hexadecimal digits.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace network {

// Lower-case digits, without 0x.
std::string to_hex(std::span<const std::uint8_t> bytes);

// Either case, with or without 0x in front, exactly bytes.size() of them; otherwise false, and what
// is in `bytes` is void. Writes nowhere else, so that it may read a secret.
bool from_hex(std::string_view text, std::span<std::uint8_t> bytes);

}  // namespace network

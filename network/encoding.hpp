// Bytes as text, as the wallet and the subnet write them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace network {

// Lower-case digits, without 0x.
std::string to_hex(std::span<const std::uint8_t> bytes);

// Either case, with or without 0x in front, exactly bytes.size() of them; otherwise false, and what
// is in `bytes` is void. Writes nowhere else, so that it may read a secret.
bool from_hex(std::string_view text, std::span<std::uint8_t> bytes);

// The standard alphabet (RFC 4648, section 4), padded. Decoding takes nothing else: no blanks, no
// missing padding.
std::string to_base64(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);

}  // namespace network

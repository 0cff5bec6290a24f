// SHA-256 as the name of a content.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace storage {

// 64 hex digits, lower case.
std::string sha256(std::span<const std::uint8_t> bytes);
std::string sha256(std::string_view text);

}  // namespace storage

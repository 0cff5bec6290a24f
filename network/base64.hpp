// Base64 as the subnet's messages carry it: the standard alphabet with padding, nothing else.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace network {

std::string base64_encode(std::span<const std::uint8_t> bytes);

// Strict: no blanks, no line ends, no missing or superfluous padding, no stray bits. Fails with
// malformed.
config::Result<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace network

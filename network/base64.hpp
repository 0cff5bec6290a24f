// Base64 as the subnet's messages carry it: the standard alphabet with padding. What we write is
// exactly that; what others wrote is read as strictly, or as loosely as Python reads it.
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

struct LooseBase64 {
    std::vector<std::uint8_t> bytes;
    std::string oddity;  // what a strict reader would have refused; empty: nothing
};

// As Python's b64decode without `validate`: what is not of the alphabet (the URL-safe one's - and _
// too) is passed over, and what follows the padding is not looked at. Beyond that a text without
// padding is read, and one that begins as "data:TYPE;base64,". Fails with malformed, in Python's
// words: one data character more than a multiple of 4, or a character beyond ASCII. Takes as much
// memory as three quarters of the text.
config::Result<LooseBase64> base64_decode_loosely(std::string_view text);

}  // namespace network

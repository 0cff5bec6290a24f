#include "network/uuid.hpp"

#include "network/hex.hpp"

#include <sodium.h>

#include <array>
#include <cstdint>

namespace network {

std::string random_uuid() {
    std::array<std::uint8_t, 16> bytes;
    randombytes_buf(bytes.data(), bytes.size());
    bytes[6] = (bytes[6] & 0x0f) | 0x40;  // the version
    bytes[8] = (bytes[8] & 0x3f) | 0x80;  // the variant
    auto text = to_hex(bytes);
    for (const std::size_t dash : {8, 13, 18, 23}) text.insert(dash, "-");
    return text;
}

}  // namespace network

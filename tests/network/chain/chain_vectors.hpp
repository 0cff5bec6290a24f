// The chain's recorded metadata and values, and JSON numbers of any size.
#pragma once

#include "network/chain/codec.hpp"
#include "network/chain/metadata.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/support/recordings.hpp"
#include "tests/support/vectors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

inline std::vector<std::uint8_t> bytes_of(std::string_view hex_text) {
    if (hex_text.starts_with("0x")) hex_text.remove_prefix(2);
    return from_hex(hex_text);
}

inline std::vector<std::uint8_t> bytes_of(const boost::json::value& hex_text) {
    return bytes_of(std::string_view(hex_text.as_string()));
}

// A number, or a decimal text of one that JSON cannot hold.
inline network::Uint128 number(const boost::json::value& value) {
    if (!value.is_string()) return value.to_number<std::uint64_t>();
    network::Uint128 sum = 0;
    for (const char digit : value.as_string()) {
        if (digit < '0' || digit > '9') throw std::invalid_argument("no number");
        sum = sum * 10 + network::Uint128(digit - '0');
    }
    return sum;
}

inline network::Value account(const boost::json::value& ss58) {
    const auto key = network::ss58_decode(std::string_view(ss58.as_string())).value();
    return network::Value::Bytes(key.begin(), key.end());
}

inline const network::Metadata& recorded_metadata(int version) {
    static const auto v14 = network::Metadata::parse(recorded_bytes("metadata_v14.hex.gz")).value();
    static const auto v15 =
        network::Metadata::parse(recorded_bytes("metadata_v15_opaque.hex.gz")).value();
    return version == 14 ? v14 : v15;
}

inline std::string hotkey_of(const network::Value& bytes) {
    return network::ss58_encode(exactly<32>(*bytes.bytes()));
}

}  // namespace tests

// Recorded test data: tests/vectors, or the folder that MINER_VECTORS names. A missing file, field
// or broken text throws, which fails the test that asked.
#pragma once

#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tests {

// "ss58.json". Cached; stays alive until the program ends. Throws when a list in it is empty.
const boost::json::object& vectors(std::string_view file);

// Fields of an object.
std::string text(const boost::json::value& object, std::string_view field);
std::vector<std::uint8_t> hex(const boost::json::value& object, std::string_view field);
std::vector<std::uint8_t> base64(const boost::json::value& object, std::string_view field);

std::vector<std::uint8_t> from_hex(std::string_view digits);
std::vector<std::uint8_t> from_base64(std::string_view text);

// Exactly N bytes, or it throws.
template <std::size_t N>
std::array<std::uint8_t, N> exactly(const std::vector<std::uint8_t>& bytes) {
    std::array<std::uint8_t, N> array{};
    if (bytes.size() != N) throw std::length_error("a test vector of another length");
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

// Field of an object that may be missing or null.
const boost::json::value* find(const boost::json::value& object, std::string_view field);

}  // namespace tests

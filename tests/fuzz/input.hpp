// What libFuzzer hands to a target, in the shapes that the parsers take.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// Off the beginning, up to a zero byte: for targets that take several texts.
inline std::string_view take(std::string_view& text) {
    const auto part = text.substr(0, text.find('\0'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

// A property that must hold for whatever input: otherwise libFuzzer keeps the input and stops.
inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

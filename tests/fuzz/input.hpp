// What libFuzzer hands to a target, in the shapes that the parsers take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// A property that must hold for whatever input: otherwise libFuzzer keeps the input and stops.
inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

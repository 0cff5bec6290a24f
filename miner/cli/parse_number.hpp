// Numbers on the command line.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace miner {

// Empty unless the whole text is a number that T holds.
template <class T>
std::optional<T> parse_number(std::string_view text) {
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace miner

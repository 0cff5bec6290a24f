#include "miner/batch/names.hpp"

#include "config/digest.hpp"
#include "config/escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace miner {
namespace {

constexpr std::size_t kLongest = 80;  // bytes

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool is_plain_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

// Letters beyond ASCII, unless some of the text is no UTF-8 or steers what shows it.
bool is_harmless(std::string_view text) { return config::printable(text, config::kWhole) == text; }

// Not within a letter of several bytes.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
    return text.substr(0, most);
}

std::string folded(std::string_view name) {
    std::string result(name);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return result;
}

}  // namespace

std::string safe_name(std::string_view text) {
    const bool harmless = is_harmless(text);
    std::string name;
    for (const char c : text) {
        const bool stays = is_ascii(c) ? is_plain_letter(c) : harmless;
        if (stays)
            name += c;
        else if (!name.ends_with('-'))
            name += '-';
    }
    const auto begin = name.find_first_not_of(".-");
    if (begin == name.npos) return "input";
    name.erase(0, begin);
    name = cut(name, kLongest);
    name.erase(name.find_last_not_of(".-") + 1);
    return name;
}

bool is_safe_name(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name.front() != '.' &&
           name.find_first_of(std::string_view("/\\\0", 3)) == name.npos;
}

bool NameBook::reserve(std::string_view name) {
    ++tries_;
    return taken_.insert(folded(name)).second;
}

std::string NameBook::unique(const std::string& name) {
    if (reserve(name)) return name;
    // No name is given back, so that those below the next number stay taken.
    auto& next = next_.try_emplace(folded(name), 2).first->second;
    for (;;) {
        auto other = fmt::format("{}-{}", name, next++);
        if (reserve(other)) return other;
    }
}

std::uint64_t seed_for(std::uint64_t batch_seed, std::string_view content_sha256) {
    constexpr std::size_t kDigits = 13;  // 52 bits: retries count on from it, within 2^53
    const auto digest =
        config::sha256(fmt::format("miner batch seed 1\n{}\n{}\n", batch_seed, content_sha256));
    std::uint64_t seed = 0;
    std::from_chars(digest.data(), digest.data() + kDigits, seed, 16);
    return seed;
}

}  // namespace miner

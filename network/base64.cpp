#include "network/base64.hpp"

#include "network/errc.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

namespace network {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

constexpr std::uint8_t kNoDigit = 64;
constexpr std::size_t kLongestPrefix = 200;  // of a data: URI

constexpr auto kDigits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(kNoDigit);
    for (std::uint8_t i = 0; i < 64; ++i)
        digits[std::uint8_t(kAlphabet[i])] = i;  // its last character is the padding
    return digits;
}();

bool is_digit(char c) { return kDigits[std::uint8_t(c)] != kNoDigit; }

bool same_letters(std::string_view a, std::string_view lower) {
    return std::equal(a.begin(), a.end(), lower.begin(), lower.end(), [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? char(x + 32) : x) == y;
    });
}

// RFC 2397: "data:TYPE;base64," before the digits.
std::size_t prefix_of_data_uri(std::string_view text) {
    constexpr std::string_view kScheme = "data:", kBase64 = ";base64";
    if (!same_letters(text.substr(0, kScheme.size()), kScheme)) return 0;
    const auto comma = text.substr(0, kLongestPrefix).find(',');
    if (comma == text.npos || comma < kScheme.size() + kBase64.size()) return 0;
    const auto mark = text.substr(comma - kBase64.size(), kBase64.size());
    return same_letters(mark, kBase64) ? comma + 1 : 0;
}

void add(std::string& list, std::string_view item) {
    if (!list.empty()) list += ", ";
    list += item;
}

// What binascii.a2b_base64 keeps of a text, see CPython's Modules/binascii.c.
struct Scan {
    std::vector<std::uint8_t> bytes;
    std::size_t digits = 0, strays = 0, rest = 0;  // rest: digits behind the padding
    bool padded = false;
    unsigned left = 0;  // bits of the last digit that are no whole byte yet
};

void take_digit(Scan& scan, std::uint8_t digit) {
    switch (scan.digits++ % 4) {
        case 0:
            scan.left = digit;
            break;
        case 1:
            scan.bytes.push_back(std::uint8_t(scan.left << 2 | digit >> 4));
            scan.left = digit & 0xf;
            break;
        case 2:
            scan.bytes.push_back(std::uint8_t(scan.left << 4 | digit >> 2));
            scan.left = digit & 0x3;
            break;
        default:
            scan.bytes.push_back(std::uint8_t(scan.left << 6 | digit));
            scan.left = 0;
    }
}

Scan scan_digits(std::string_view text) {
    Scan scan;
    scan.bytes.reserve(text.size() / 4 * 3 + 3);
    std::size_t pads = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '=') {
            const auto place = scan.digits % 4;
            if (place >= 2 && place + ++pads >= 4) {
                scan.padded = true;
                const auto rest = text.substr(i + 1);
                scan.rest = std::size_t(std::count_if(rest.begin(), rest.end(), is_digit));
                scan.strays += rest.size() - scan.rest;
                break;
            }
            if (place < 2) ++scan.strays;
            continue;
        }
        const auto digit = kDigits[std::uint8_t(text[i])];
        if (digit == kNoDigit) {
            ++scan.strays;
            continue;
        }
        scan.strays += std::exchange(pads, 0);
        take_digit(scan, digit);
    }
    return scan;
}

}  // namespace

std::string base64_encode(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    text.pop_back();  // sodium counts the closing zero
    return text;
}

config::Result<std::vector<std::uint8_t>> base64_decode(std::string_view text) {
    if (text.empty()) return std::vector<std::uint8_t>();  // libsodium takes no null
    // libsodium 1.0.18 takes bytes beyond ASCII for digits.
    if (text.find_first_not_of(kAlphabet) != text.npos)
        return config::fail(Errc::malformed, "not base64");
    std::vector<std::uint8_t> bytes(text.size() / 4 * 3);
    std::size_t size = 0;
    const char* end = nullptr;
    if (text.size() % 4 != 0 ||
        sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &size,
                          &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != text.data() + text.size())
        return config::fail(Errc::malformed, "not base64");
    bytes.resize(size);
    return bytes;
}

config::Result<LooseBase64> base64_decode_loosely(std::string_view text) {
    LooseBase64 read;
    if (auto strict = base64_decode(text)) {
        read.bytes = std::move(*strict);
        return read;
    }
    const auto prefix = prefix_of_data_uri(text);
    if (prefix > 0) add(read.oddity, "a data: URI");
    text.remove_prefix(prefix);
    if (std::any_of(text.begin(), text.end(), [](char c) { return std::uint8_t(c) >= 0x80; }))
        return config::fail(Errc::malformed, "not base64: characters beyond ASCII");
    auto scan = scan_digits(text);
    if (!scan.padded && scan.digits % 4 == 1)
        return config::fail(Errc::malformed, "not base64: number of data characters (" +
                                                 std::to_string(scan.digits) +
                                                 ") cannot be 1 more than a multiple of 4");
    if (scan.strays > 0)
        add(read.oddity, std::to_string(scan.strays) + " characters that are no base64");
    if (!scan.padded && scan.digits % 4 != 0) add(read.oddity, "no padding");
    if (scan.rest > 0)
        add(read.oddity, std::to_string(scan.rest) + " characters behind the padding");
    if (scan.left != 0) add(read.oddity, "stray bits");
    read.bytes = std::move(scan.bytes);
    return read;
}

}  // namespace network

#include "network/chain/scale.hpp"

#include "network/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace network {
namespace {

constexpr std::size_t kLongestEmptyList = 65'536;
constexpr std::size_t kLongestPlace = 256;

}  // namespace

std::span<const std::uint8_t> ScaleReader::bytes(std::size_t count) {
    if (!ok_) return {};
    if (count > remaining()) {
        fail(fmt::format("{} bytes expected, {} left", count, remaining()));
        return {};
    }
    const auto view = bytes_.subspan(at_, count);
    at_ += count;
    return view;
}

Uint128 ScaleReader::fixed(std::size_t width) {
    const auto view = bytes(width);
    Uint128 value = 0;
    for (std::size_t i = view.size(); i-- > 0;) value = value << 8 | view[i];
    return value;
}

std::uint8_t ScaleReader::u8() {
    const auto view = bytes(1);
    return view.empty() ? std::uint8_t(0) : view[0];
}

std::uint16_t ScaleReader::u16() { return std::uint16_t(fixed(2)); }
std::uint32_t ScaleReader::u32() { return std::uint32_t(fixed(4)); }
std::uint64_t ScaleReader::u64() { return std::uint64_t(fixed(8)); }
Uint128 ScaleReader::u128() { return fixed(16); }

bool ScaleReader::boolean() {
    const std::uint8_t value = u8();
    if (value > 1) fail(fmt::format("a truth value of {}", value));
    return ok_ && value == 1;
}

Uint128 ScaleReader::longer_compact(Uint128 largest) {
    const std::uint8_t first = u8();
    Uint128 value = first >> 2;
    Uint128 smallest = 0;  // that needs this mode
    switch (first & 3) {
        case 0:
            break;
        case 1:
            value |= Uint128(u8()) << 6;
            smallest = 1u << 6;
            break;
        case 2:
            value |= fixed(3) << 6;
            smallest = 1u << 14;
            break;
        default: {
            const std::size_t width = std::size_t(first >> 2) + 4;
            if (width > sizeof(Uint128)) {
                fail(fmt::format("a compact integer of {} bytes", width));
                return 0;
            }
            value = fixed(width);
            smallest = width == 4 ? Uint128(1) << 30 : Uint128(1) << (8 * (width - 1));
        }
    }
    if (!ok_) return 0;
    if (value < smallest) fail("a compact integer that is not in its shortest form");
    if (value > largest) fail("a compact integer larger than its type");
    return ok_ ? value : 0;
}

std::uint32_t ScaleReader::compact_u32() {
    return std::uint32_t(compact(std::numeric_limits<std::uint32_t>::max()));
}

std::size_t ScaleReader::length(std::size_t element_bytes) {
    const std::size_t count = compact_u32();
    const std::size_t most = element_bytes == 0 ? kLongestEmptyList : remaining() / element_bytes;
    if (count > most) {
        fail(fmt::format("{} elements promised, {} bytes left", count, remaining()));
        return 0;
    }
    return count;
}

std::string_view ScaleReader::text() {
    const auto view = bytes(length(1));
    const std::string_view characters(reinterpret_cast<const char*>(view.data()), view.size());
    if (!is_utf8(characters)) {
        fail("text that is not UTF-8");
        return {};
    }
    return characters;
}

void ScaleReader::fail(std::string_view why) {
    if (!ok_) return;
    ok_ = false;
    why_ = why;
}

void ScaleReader::inside(std::string_view place) {
    if (place.empty() || place_.size() > kLongestPlace) return;
    place_ = place_.empty() ? std::string(place) : fmt::format("{}.{}", place, place_);
}

void ScaleReader::finish() {
    if (ok_ && remaining() != 0) fail(fmt::format("{} bytes left over", remaining()));
}

config::Error ScaleReader::error() const {
    return config::fail(Errc::malformed,
                        fmt::format("{}{}{} (at byte {} of {})", place_, place_.empty() ? "" : ": ",
                                    why_, at_, bytes_.size()));
}

void ScaleWriter::fixed(Uint128 value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) bytes_.push_back(std::uint8_t(value >> (8 * i)));
}

void ScaleWriter::compact(Uint128 value) {
    if (value < 1u << 6) return fixed(value << 2, 1);
    if (value < 1u << 14) return fixed(value << 2 | 1, 2);
    if (value < 1u << 30) return fixed(value << 2 | 2, 4);
    std::size_t width = 4;
    while (width < sizeof(value) && value >> (8 * width) != 0) ++width;
    u8(std::uint8_t((width - 4) << 2 | 3));
    fixed(value, width);
}

void ScaleWriter::bytes(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto byte = [&](std::size_t i) { return std::uint8_t(text[i]); };
        const std::uint8_t lead = byte(at);
        if (lead < 0x80) {
            ++at;
            continue;
        }
        const std::size_t width = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - at < width) return false;
        for (std::size_t i = 1; i < width; ++i) {
            if ((byte(at + i) & 0xc0) != 0x80) return false;
        }
        const std::uint8_t second = byte(at + 1);
        // Overlong forms, surrogates, and what lies beyond U+10FFFF.
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
            (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
            return false;
        }
        at += width;
    }
    return true;
}

}  // namespace network

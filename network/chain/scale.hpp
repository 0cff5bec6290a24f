// SCALE, the encoding of everything on the chain: little endian, no tags, lengths as compact
// integers. What is read came from an untrusted peer. Pure; any thread.
// Source: Polkadot protocol specification, appendix A.2.2 (SCALE codec).
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace network {

// NOLINTBEGIN(modernize-use-using): no alias takes __extension__, without which -Wpedantic warns.
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;
// NOLINTEND(modernize-use-using)

// Reads values one after another from bytes that must outlive it. The first failure is kept; after
// it every read gives zero or nothing, so that a caller checks once at the end of a loop's turn.
class ScaleReader {
public:
    explicit ScaleReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint8_t u8();
    std::uint16_t u16();
    std::uint32_t u32();
    std::uint64_t u64();
    Uint128 u128();
    // Little endian, `width` of 1, 2, 4, 8 or 16 bytes.
    Uint128 fixed(std::size_t width);
    bool boolean();  // anything but 0 and 1 is a failure

    // All four modes. A failure when the value is more than `largest`, or not in its shortest form.
    Uint128 compact(Uint128 largest) {
        // Most are of one byte, and there are many.
        if (ok_ && remaining() != 0 && (bytes_[at_] & 3) == 0 && largest >= 63) {
            return bytes_[at_++] >> 2;
        }
        return longer_compact(largest);
    }
    std::uint32_t compact_u32();

    // How many elements follow. A failure, before anybody allocates for them, when that many of at
    // least `element_bytes` each cannot be there; elements of no bytes are bounded by 65,536.
    std::size_t length(std::size_t element_bytes);

    // Views of the input; empty when that many are not there.
    std::span<const std::uint8_t> bytes(std::size_t count);
    std::string_view text();  // with its length in front; invalid UTF-8 is a failure

    bool ok() const { return ok_; }
    std::size_t remaining() const { return bytes_.size() - at_; }
    std::size_t offset() const { return at_; }

    void fail(std::string_view why);
    // Puts the place of the failure in front of it: a field's name, say.
    void inside(std::string_view place);
    // Fails unless every byte was read.
    void finish();
    // malformed, with the place, the reason and the offset. Only after a failure.
    config::Error error() const;

private:
    Uint128 longer_compact(Uint128 largest);

    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
    std::string place_;
    std::string why_;
};

// Appends values to bytes of its own.
class ScaleWriter {
public:
    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u32(std::uint32_t value) { fixed(value, 4); }
    // The lowest `width` bytes, little endian; at most 16.
    void fixed(Uint128 value, std::size_t width);
    void compact(Uint128 value);
    void bytes(std::span<const std::uint8_t> bytes);  // as they are, without a length

    const std::vector<std::uint8_t>& written() const& { return bytes_; }
    std::vector<std::uint8_t> written() && { return std::move(bytes_); }

private:
    std::vector<std::uint8_t> bytes_;
};

// Whether `text` is UTF-8 as RFC 3629 has it: shortest forms, no surrogates.
bool is_utf8(std::string_view text);

}  // namespace network

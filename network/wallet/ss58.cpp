#include "network/wallet/ss58.hpp"

#include "network/errc.hpp"
#include "network/wallet/hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace network {
namespace {

constexpr std::string_view kAlphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::uint8_t kPrefix = 42;
constexpr std::size_t kKey = 32, kSum = 2;
constexpr std::size_t kBytes = 1 + kKey + kSum;
constexpr std::size_t kLongest = 64;  // characters looked at; an address has 48

std::string base58_encode(std::span<const std::uint8_t> bytes) {
    std::vector<std::uint8_t> digits;  // base 58, lowest first
    for (const unsigned byte : bytes) {
        unsigned carry = byte;
        for (std::uint8_t& digit : digits) {
            carry += digit * 256u;
            digit = std::uint8_t(carry % 58);
            carry /= 58;
        }
        for (; carry != 0; carry /= 58) digits.push_back(std::uint8_t(carry % 58));
    }
    const auto zeros =
        std::find_if(bytes.begin(), bytes.end(), [](auto byte) { return byte != 0; });
    std::string text(std::size_t(zeros - bytes.begin()), kAlphabet[0]);
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) text += kAlphabet[*digit];
    return text;
}

// Empty when a character is outside the alphabet.
std::vector<std::uint8_t> base58_decode(std::string_view text) {
    std::vector<std::uint8_t> bytes;  // lowest first
    for (const char character : text) {
        const std::size_t value = kAlphabet.find(character);
        if (value == kAlphabet.npos) return {};
        unsigned carry = unsigned(value);
        for (std::uint8_t& byte : bytes) {
            carry += byte * 58u;
            byte = std::uint8_t(carry);
            carry >>= 8;
        }
        for (; carry != 0; carry >>= 8) bytes.push_back(std::uint8_t(carry));
    }
    bytes.resize(bytes.size() + std::min(text.find_first_not_of(kAlphabet[0]), text.size()));
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

std::array<std::uint8_t, 2> checksum(std::span<const std::uint8_t> prefixed_key) {
    constexpr std::string_view kContext = "SS58PRE";
    std::vector<std::uint8_t> input(kContext.begin(), kContext.end());
    input.insert(input.end(), prefixed_key.begin(), prefixed_key.end());
    const auto digest = blake2b_512(input);
    return {digest[0], digest[1]};
}

}  // namespace

std::string ss58_encode(const PublicKey& key) {
    std::array<std::uint8_t, kBytes> bytes;
    bytes[0] = kPrefix;
    std::copy(key.begin(), key.end(), bytes.begin() + 1);
    const auto sum = checksum(std::span(bytes).first(kBytes - 2));
    std::copy(sum.begin(), sum.end(), bytes.end() - 2);
    return base58_encode(bytes);
}

config::Result<NetworkAddress> ss58_decode_any(std::string_view text) {
    if (text.empty()) return config::fail(Errc::bad_address, "empty");
    if (text.size() > kLongest) return config::fail(Errc::bad_address, "too long");
    const std::vector<std::uint8_t> bytes = base58_decode(text);
    if (bytes.empty())
        return config::fail(Errc::bad_address, "a character that base58 does not have");
    // 64 to 127 in front: a prefix of two bytes, with the lower bits of the network in odd places.
    const std::size_t prefix = bytes[0] < 64 ? 1 : 2;
    if (bytes[0] >= 128 || bytes.size() != prefix + kKey + kSum)
        return config::fail(Errc::bad_address, "wrong length");
    const auto sum = checksum(std::span(bytes).first(prefix + kKey));
    if (!std::equal(sum.begin(), sum.end(), bytes.end() - kSum)) {
        return config::fail(Errc::bad_address, "the checksum does not fit; mistyped?");
    }
    NetworkAddress address;
    address.network =
        prefix == 1 ? bytes[0] : (bytes[0] & 0x3fu) << 2 | bytes[1] >> 6 | (bytes[1] & 0x3fu) << 8;
    std::copy_n(bytes.begin() + std::ptrdiff_t(prefix), kKey, address.key.begin());
    return address;
}

config::Result<PublicKey> ss58_decode(std::string_view text) {
    const auto address = ss58_decode_any(text);
    if (address && address->network == kPrefix) return address->key;
    // Say the likelier reason first: a foreign prefix rather than a wrong checksum.
    const auto bytes = text.size() <= kLongest ? base58_decode(text) : std::vector<std::uint8_t>();
    if (address || (bytes.size() == kBytes && bytes[0] != kPrefix))
        return config::fail(Errc::bad_address, "prefix of another network");
    return address.error();
}

}  // namespace network

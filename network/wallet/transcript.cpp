#include "network/wallet/transcript.hpp"

#include "network/wallet/secret.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace network {
namespace {

static_assert(std::endian::native == std::endian::little, "Keccak's lanes are read in place");

// STROBE's operation flags, and its rate for 128 bits of security: 200 - 2 * 16 - 2 bytes.
constexpr std::uint8_t kInput = 1, kApplication = 2, kCipher = 4, kTransport = 8, kMeta = 16;
constexpr std::uint8_t kRate = 166;

constexpr std::array<std::uint64_t, 24> kRoundConstants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

// Rho's rotations and pi's targets along pi's one cycle through the 24 lanes other than (0, 0).
constexpr std::array<int, 24> kRotations = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                            27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
constexpr std::array<int, 24> kTargets = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                          15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

// FIPS 202, section 3.3. Unrolled, so that lanes live in registers and rotations are constants:
// four times as fast, and the prompt that is signed can be a picture of many megabytes.
void keccak_f(std::array<std::uint8_t, 200>& bytes) {
    std::array<std::uint64_t, 25> a;
    std::memcpy(a.data(), bytes.data(), bytes.size());
    for (const std::uint64_t round_constant : kRoundConstants) {
        std::array<std::uint64_t, 5> c;
#pragma GCC unroll 5
        for (int x = 0; x < 5; ++x) c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 5
        for (int x = 0; x < 5; ++x) {
            const std::uint64_t d = c[(x + 4) % 5] ^ std::rotl(c[(x + 1) % 5], 1);
#pragma GCC unroll 5
            for (int y = 0; y < 25; y += 5) a[y + x] ^= d;
        }
        std::uint64_t lane = a[1];
#pragma GCC unroll 24
        for (int i = 0; i < 24; ++i) {
            std::swap(lane, a[kTargets[i]]);
            a[kTargets[i]] = std::rotl(a[kTargets[i]], kRotations[i]);
        }
#pragma GCC unroll 5
        for (int y = 0; y < 25; y += 5) {
            std::memcpy(c.data(), &a[y], sizeof c);
#pragma GCC unroll 5
            for (int x = 0; x < 5; ++x) a[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
        }
        a[0] ^= round_constant;
    }
    std::memcpy(bytes.data(), a.data(), bytes.size());
    wipe(a.data(), sizeof a);
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::array<std::uint8_t, 4> length_of(std::size_t bytes) {
    return std::bit_cast<std::array<std::uint8_t, 4>>(std::uint32_t(bytes));
}

}  // namespace

Strobe::Strobe(std::string_view protocol) {
    constexpr std::uint8_t kHead[] = {1, kRate + 2, 1, 0, 1, 96};
    constexpr std::string_view kName = "STROBEv1.0.2";
    std::memcpy(state_.data(), kHead, sizeof kHead);
    std::memcpy(state_.data() + sizeof kHead, kName.data(), kName.size());
    keccak_f(state_);
    meta_ad(bytes_of(protocol), false);
}

Strobe::~Strobe() { wipe(state_.data(), state_.size()); }

void Strobe::meta_ad(std::span<const std::uint8_t> data, bool more) {
    begin(kMeta | kApplication, more);
    absorb(data);
}

void Strobe::ad(std::span<const std::uint8_t> data, bool more) {
    begin(kApplication, more);
    absorb(data);
}

void Strobe::prf(std::span<std::uint8_t> out, bool more) {
    begin(kInput | kApplication | kCipher, more);
    squeeze(out);
}

void Strobe::begin(std::uint8_t flags, bool more) {
    if (more) return;
    const std::array<std::uint8_t, 2> head = {begun_, flags};
    begun_ = position_ + 1;
    absorb(head);
    // An operation that takes from the state starts on a fresh block.
    if ((flags & (kCipher | kTransport)) != 0 && position_ != 0) run();
}

void Strobe::absorb(std::span<const std::uint8_t> data) {
    while (!data.empty()) {
        const std::size_t count = std::min<std::size_t>(data.size(), kRate - position_);
        // Through a pointer of its own: as a member, the place would be written back for each byte.
        std::uint8_t* const place = state_.data() + position_;
        for (std::size_t i = 0; i < count; ++i) place[i] ^= data[i];
        position_ = std::uint8_t(position_ + count);
        data = data.subspan(count);
        if (position_ == kRate) run();
    }
}

void Strobe::squeeze(std::span<std::uint8_t> out) {
    for (std::uint8_t& byte : out) {
        byte = state_[position_];
        state_[position_++] = 0;
        if (position_ == kRate) run();
    }
}

void Strobe::run() {
    state_[position_] ^= begun_;
    state_[position_ + 1] ^= 0x04;
    state_[kRate + 1] ^= 0x80;
    keccak_f(state_);
    position_ = 0;
    begun_ = 0;
}

Transcript::Transcript(std::string_view label) : strobe_("Merlin v1.0") {
    append("dom-sep", label);
}

void Transcript::append(std::string_view label, std::span<const std::uint8_t> message) {
    strobe_.meta_ad(bytes_of(label), false);
    strobe_.meta_ad(length_of(message.size()), true);
    strobe_.ad(message, false);
}

void Transcript::append(std::string_view label, std::string_view message) {
    append(label, bytes_of(message));
}

void Transcript::challenge(std::string_view label, std::span<std::uint8_t> out) {
    strobe_.meta_ad(bytes_of(label), false);
    strobe_.meta_ad(length_of(out.size()), true);
    strobe_.prf(out, false);
}

}  // namespace network

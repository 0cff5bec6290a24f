// A Merlin transcript (merlin.cool): messages go in under labels, challenges that depend on all of
// them come out. It stands on STROBE-128 (strobe.sourceforge.io, version 1.0.2), and that on
// Keccak-f[1600]; sr25519 hashes with nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace network {

// The part of STROBE-128 that Merlin uses: meta-AD, AD and PRF, with a permanent state of 200
// bytes.
class Strobe {
public:
    explicit Strobe(std::string_view protocol);
    Strobe(const Strobe&) = default;
    Strobe& operator=(const Strobe&) = default;
    ~Strobe();  // wipes the state: secrets may have gone in

    // `more`: the operation goes on with the one before it.
    void meta_ad(std::span<const std::uint8_t> data, bool more);
    void ad(std::span<const std::uint8_t> data, bool more);
    void prf(std::span<std::uint8_t> out, bool more);

private:
    void begin(std::uint8_t flags, bool more);
    void absorb(std::span<const std::uint8_t> data);
    void squeeze(std::span<std::uint8_t> out);
    void run();

    alignas(8) std::array<std::uint8_t, 200> state_{};
    std::uint8_t position_ = 0;
    std::uint8_t begun_ = 0;  // one past where the current operation began; 0: in an earlier block
};

class Transcript {
public:
    explicit Transcript(std::string_view label);

    // Each under 4 GiB, since their length goes in as 32 bits.
    void append(std::string_view label, std::span<const std::uint8_t> message);
    void append(std::string_view label, std::string_view message);

    // Fills `out`; the transcript goes on from there.
    void challenge(std::string_view label, std::span<std::uint8_t> out);

private:
    Strobe strobe_;
};

}  // namespace network

// SPZ as the subnet's validators read it (404's fork of version 2 in one zstd frame), and Niantic's
// releases for reading. Pure functions over bytes; any thread. spz_format.hpp describes the
// payload.
#pragma once

#include "generator/splat/ply.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace generator {

struct SpzOptions {
    int version = 2;  // or Niantic's 3: rotations in 4 bytes a Gaussian, finer; not of write_spz()
    int fraction_bits =
        12;  // of positions, 0 to 22: step 2^-bits, range +-2^(23 - bits), beyond which they wrap
    int zstd_level = 1;
    bool clamp_alpha = true;  // keep alpha bytes within 1..254, so that a reader's logit is finite
    int threads = 0;          // threads_for() of it; the bytes do not depend on them
};

// The most fraction bits, up to `most`, with which all places have room in their 24 bits. Fails
// with bad_splats where a place has none with any number of bits, or is not finite, and says of how
// many Gaussians.
config::Result<int> fitting_fraction_bits(const StoredSplats& splats, int most);

// The payload before compression: header and arrays. Harmonics beyond degree 3 have no place in it
// and are left out. What is not finite is written as 404's library does on x86-64: NaN as byte 0, a
// position out of range as 0.
std::vector<std::uint8_t> pack_spz(const StoredSplats& splats, const SpzOptions& options = {});
// One frame of the payload.
std::vector<std::uint8_t> write_spz(const StoredSplats& splats, const SpzOptions& options = {});

enum class SpzFamily { subnet, niantic_gzip, niantic_v4 };

struct SpzFile {
    StoredSplats splats;
    SpzFamily family = SpzFamily::subnet;
    int version = 2;
    int fraction_bits = 12;
    bool antialiased = false;
    std::optional<UpAxis> up = {};  // what is up, where Adobe's extension says it; else +y
    bool faces_away = false;        // by the same: left is right in it, and front is back
    std::vector<std::uint32_t> unknown_extensions = {};  // the first few
};

struct SpzLimits {
    std::int64_t max_gaussians = kMostGaussians;
    std::int64_t max_bytes =
        1LL << 30;    // of the payload; ten million Gaussians of degree 3 are 640 MB
    int threads = 0;  // threads_for() of it; the result does not depend on them
};

// Any of the three families, told by the first bytes. Axes stay as the file has them (Niantic's
// files from version 3 on are right, up, back, unless an extension says otherwise). Bounds are
// checked before anything is allocated. Fails with bad_splats.
config::Result<SpzFile> read_spz(std::span<const std::uint8_t> bytes, const SpzLimits& limits = {});

// A file of any family as the payload of version 2 or 3 (options.version). Of the same version all
// bytes are as they were, with what stands behind them; else all that both versions store alike
// is, which leaves rotations on the way between 2 and 3, and places of version 1, for which
// options.fraction_bits are the most. Harmonics beyond degree 3 are left out. What is turned on the
// way, by so many quarters about x, is written anew where that changes it. Fails as read_spz and
// fitting_fraction_bits do.
config::Result<std::vector<std::uint8_t>> repack_spz(std::span<const std::uint8_t> bytes,
                                                     const SpzOptions& options,
                                                     const SpzLimits& limits = {},
                                                     int quarters = 0);

// What the validator's decoder does: accepts and refuses exactly what it does, but for payloads
// beyond the default SpzLimits, where the validator's memory decides. Fails with bad_splats.
config::Result<StoredSplats> read_spz_as_validator(std::span<const std::uint8_t> bytes);
// The same, into the memory of what was read before; of no use after a failure.
config::Result<void> read_spz_as_validator(std::span<const std::uint8_t> bytes,
                                           StoredSplats& splats);

}  // namespace generator

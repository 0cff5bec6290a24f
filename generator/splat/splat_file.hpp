// Gaussians in files of any kind: which kind, read and written.
#pragma once

#include "generator/splat/spz.hpp"
#include "generator/splat/turn.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace generator {

enum class SplatFormat {
    ply,
    spz_subnet,     // 404's, which validators read and nobody else
    spz_niantic,    // version 2 in gzip, which viewers read
    spz_niantic_3,  // version 3 in gzip: rotations are finer, and older viewers do not read it
    glb,            // glTF with KHR_gaussian_splatting
};

// "SPZ of Niantic, version 2, gzip"; "+y".
std::string_view words(SplatFormat format);
std::string_view words(UpAxis up);

inline bool is_spz(SplatFormat format) {
    return format != SplatFormat::ply && format != SplatFormat::glb;
}

// What is up in files of this kind, by definition or by use. PLY files of Gaussians have -y up, as
// their trainers leave it, unless they say otherwise.
inline UpAxis up_axis(SplatFormat format) {
    return format == SplatFormat::ply ? UpAxis::minus_y : UpAxis::plus_y;
}

// Told by the first bytes, so that every version of Niantic's is spz_niantic. Nothing: none of
// these.
std::optional<SplatFormat> format_of(std::span<const std::uint8_t> bytes);

struct SplatFile {
    StoredSplats splats;
    SplatFormat format = SplatFormat::ply;  // spz_niantic for all of Niantic's versions
    UpAxis up = UpAxis::minus_y;            // as it says itself, or as its kind has it
    std::optional<int> fraction_bits = {};  // of the places in an SPZ from version 2 on
    // What it lacks or says in a way of its own, and what was made of that; a sentence each.
    std::vector<std::string> remarks = {};
};

// A PLY, any SPZ or a GLB, told by the first bytes. Axes stay. Fails with bad_splats,
// out_of_memory.
config::Result<SplatFile> read_splat_file(std::span<const std::uint8_t> bytes);
config::Result<StoredSplats> read_splats(std::span<const std::uint8_t> bytes);

// Axes stay. What SPZ and glTF have no place for is left out (harmonics beyond degree 3); of an SPZ
// the format says the version, and places have as many fraction bits as fit, options.fraction_bits
// at most. Fails as write_glb and fitting_fraction_bits do.
config::Result<std::vector<std::uint8_t>> write_splats(const StoredSplats& splats,
                                                       SplatFormat format,
                                                       const SpzOptions& options = {});

// From SPZ to SPZ: what both store alike keeps its bytes, and between files of one version that is
// everything, unless it is turned on the way, by so many quarters about x (repack_spz). Fails as
// read_splats and fitting_fraction_bits do.
config::Result<std::vector<std::uint8_t>> exchange_spz(std::span<const std::uint8_t> bytes,
                                                       SplatFormat format,
                                                       const SpzOptions& options = {},
                                                       const SpzLimits& limits = {},
                                                       int quarters = 0);

}  // namespace generator

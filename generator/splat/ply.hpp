// Gaussians as PLY: written in TRELLIS's layout, read with the properties in any order.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace generator {

// More are read from no file, of whatever kind: what a validator's decoder takes.
inline constexpr std::int64_t kMostGaussians = 10'000'000;

// What a PLY or SPZ file holds: opacity as a logit, scale as a logarithm, as stored and possibly
// not finite.
struct StoredSplats {
    std::vector<std::array<float, 3>> position;
    std::vector<std::array<float, 3>> colour;
    std::vector<std::array<float, 3>> log_scale;
    std::vector<std::array<float, 4>> rotation;  // w, x, y, z
    std::vector<float> logit;
    int sh_degree = 0;
    std::vector<float> harmonics;  // per Gaussian: 3 * ((degree + 1)^2 - 1), all coefficients of
                                   // red, then green, blue

    std::size_t size() const { return position.size(); }
    void resize(std::size_t count);  // of everything; sh_degree first
};

// Values of harmonics that a Gaussian of this degree has beyond its colour: 0, 9, 24, 45, 72.
constexpr int harmonics_per_gaussian(int degree) { return 3 * ((degree + 1) * (degree + 1) - 1); }

// Activated to stored. Opacities are kept within 1/510 of 0 and 1 before the logit and scales above
// zero, so that every value is finite if what came in was.
StoredSplats store(const Splats& splats);

// binary little-endian, float: x y z nx ny nz f_dc_0..2 [f_rest_*] opacity scale_0..2 rot_0..3;
// normals are zero.
std::vector<std::uint8_t> write_ply(const StoredSplats& splats, bool normals = true);

// What is up in a file, in the order in which quarter turns about x go from one to the next.
enum class UpAxis { plus_y, plus_z, minus_y };

struct PlyFile {
    StoredSplats splats;
    std::optional<UpAxis> up = {};  // by a comment "Vertical Axis: z" or y; nerfstudio writes it
    bool flat = false;  // no scale_2, as 2DGS has it: 1e-6 is read in its place, as SuperSplat does
    bool rgb = false;   // red, green and blue in place of f_dc_*, as nerfstudio may write them
};

// What plyfile reads, the library behind the validator's loader: text, little and big endian, any
// order of properties, other types, lists, comments, every kind of line end, elements besides the
// vertices, no f_rest; and what PlyFile says. Nothing is allocated for rows that the bytes cannot
// hold, or for more than the limit. Fails with bad_splats (a compressed PLY is named as such) and
// out_of_memory. Any thread.
config::Result<PlyFile> read_ply_file(std::span<const std::uint8_t> bytes,
                                      std::int64_t max_gaussians = kMostGaussians);
config::Result<StoredSplats> read_ply(std::span<const std::uint8_t> bytes);

// Whether the vertex's properties are those of TRELLIS's save_ply, in its order, normals included.
bool has_trellis_layout(std::span<const std::uint8_t> ply);

}  // namespace generator

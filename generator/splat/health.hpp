// Numbers that tell whether a result will be accepted, and the validator's own checks and
// normalisation. Any thread.
#pragma once

#include "generator/splat/ply.hpp"

#include <string>
#include <vector>

namespace generator {

struct SplatHealth {
    std::int64_t gaussians = 0;
    double invisible = 0;       // share with opacity under 1e-3
    double opacity_mean = 0;    // of those that are numbers
    double opacity_spread = 0;  // standard deviation
    double non_finite = 0;      // share with any stored value that is not finite
    double infinite_opacities =
        0;  // share of these logits: harmless, read as 0 or 1 (SPZ's bytes 0 and 255)
    double identity_rotations = 0;   // share equal to (1, 0, 0, 0), as the validator compares
    std::array<double, 3> extent{};  // sides of the bounding box of the finite centres
};

SplatHealth measure(const StoredSplats& splats);
// As generated: nothing is left out yet.
SplatHealth measure(const Splats& splats);

// Why the validator would score zero before it looks at a picture; empty: it would look. Its data
// check (three-gen-subnet, service 2.4.0, gs_data_checker_utils.py): fewer than 7,000 Gaussians,
// one of the first three centres at (1, 1, 1), more than 80 % of opacities below 1e-3, no rotation
// but the identity (its test for scales can never fire); what its normalisation turns into nothing:
// centres that are not finite, or all in one place; and rotations all of zeros, with which nothing
// can be drawn.
std::vector<std::string> validator_objections(const StoredSplats& splats);

// The validator's normalisation in numbers; see validator_scene.
struct Normalised {
    double zoom = 1;
    double offset = 0;      // the one mean that is subtracted
    double off_centre = 0;  // distance of the mean of the centres from the origin afterwards
    std::array<double, 3> box_centre{};  // middle of the bounding box afterwards
    double opacity_mean_before = 0;
    double opacity_mean_after = 0;
    double capped_at = 1;  // the highest opacity that can be seen afterwards
};
Normalised normalise_as_validator(const StoredSplats& splats);

// Guess from the shape: "y", "-y", "z", "-z", or "unknown". Things stand broadly: the last
// twentieth of it at one end of the axis y or z must spread clearly wider than at the other, by a
// quarter of the whole's footprint and half as much again as such a difference along the other
// axes. Blind to what is alike at both ends, fooled by what stands on a point or hangs. TRELLIS's
// convention is told from the file's layout (inspect). Lives in up.cpp.
std::string guess_up(const StoredSplats& splats);

}  // namespace generator

// Numbers that tell whether a result will be accepted, and the validator's own checks and normalisation.
#pragma once

#include "generator/splat/ply.hpp"

#include <string>
#include <vector>

namespace generator {

struct Health {
    std::int64_t gaussians = 0;
    double invisible = 0;         // share with opacity under 1e-3
    double opacity_mean = 0;      // of the finite ones
    double opacity_spread = 0;    // standard deviation
    double non_finite = 0;        // share with any value that is not finite
    double identity_rotations = 0;  // share equal to (1, 0, 0, 0)
    std::array<double, 3> extent{};  // sides of the bounding box of the centres
};

Health measure(const StoredSplats& splats);

// Why the validator's data check would score zero (three-gen-subnet, gs_data_checker_utils.py); empty: it would pass.
std::vector<std::string> validator_objections(const StoredSplats& splats);

// The validator's normalisation (gs_utils.py): zoom to a box of 1.5, one mean for all axes, opacity / zoom.
struct Normalised {
    double zoom = 1;
    double offset = 0;            // the one mean that is subtracted
    double off_centre = 0;        // distance of the box's centre from the origin afterwards
    double opacity_mean_before = 0;
    double opacity_mean_after = 0;
    double capped_at = 1;         // the highest opacity that can be seen afterwards
};
Normalised normalise_as_validator(const StoredSplats& splats);

// Guess from the shape: "y", "-y", "z", "-z", or "unknown". TRELLIS's convention is told from the file's layout.
std::string guess_up(const StoredSplats& splats);

}  // namespace generator

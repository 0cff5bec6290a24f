// One attempt at a task's splats: what a miner measures, what the journal keeps, what is shown.
#pragma once

#include "config/stage_times.hpp"

#include <cstdint>
#include <string>

namespace storage {

using Milliseconds = std::int64_t;  // Unix time

struct Attempt {
    // Of what left the machine; negative: not measured. The shares are 0 to 1.
    struct Health {
        double invisible = -1;  // share of the opacities that cannot be seen
        double opacity_mean = -1;
        double opacity_spread = -1;      // standard deviation
        double non_finite = -1;          // share with a number that is not finite
        double identity_rotations = -1;  // share
        double extent = -1;              // largest side of the bounding box
    };

    int number = 1;     // from 1
    std::string chain;  // "standard", "extreme", "prompt"
    // "picture", "prompt", or "prompt_via_picture": a prompt that became a picture first.
    std::string route = "picture";
    std::uint64_t seed = 0;
    std::int64_t voxels = -1;     // negative: it failed, or nobody told
    std::int64_t gaussians = -1;  // negative: it failed
    config::StageTimes times = {};
    // "passed" (reached the gate), "sparse" (did not), "chosen" (sparse, but submitted), "error",
    // "unhealthy" (its splats broke a limit of the gate).
    std::string outcome;
    std::string error;  // empty when none
    Health health = {};
    Milliseconds at = 0;
};

}  // namespace storage

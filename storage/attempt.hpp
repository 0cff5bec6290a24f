// One attempt at a task's splats: what a miner measures, what the journal keeps, what is shown.
#pragma once

#include "config/stage_times.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace storage {

using Milliseconds = std::int64_t;  // Unix time

// How a picture was enhanced; `prompt`: there was none to enhance.
enum class EnhancementChain { standard, extreme, prompt };

// From what the splats came; `prompt_via_picture`: from a prompt that became a picture first.
enum class Route { picture, prompt, prompt_via_picture };

enum class AttemptOutcome {
    error,      // it failed; its error says how
    passed,     // reached the gate
    sparse,     // did not
    chosen,     // did not, but was submitted
    unhealthy,  // its splats broke a limit of the gate
};

// As they stand in the database, in JSON and in metrics: "prompt_via_picture".
std::string_view name(EnhancementChain chain);
std::string_view name(Route route);
std::string_view name(AttemptOutcome outcome);

// What a scorer said of an attempt's splats before a validator did (generator/score/scorer.hpp).
struct Prediction {
    double total = 0;  // NaN: the validator would fail over it
    // NaN: left out, or not to be had.
    double iqa = 0, alignment = 0, ssim = 0, lpips = 0;
    std::string left_out;      // "alignment,lpips"; empty: nothing
    std::string scorer;        // its name
    double milliseconds = -1;  // views and networks
};

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

    int number = 1;  // from 1
    EnhancementChain chain = EnhancementChain::standard;
    Route route = Route::picture;
    std::uint64_t seed = 0;
    std::int64_t voxels = -1;     // negative: it failed, or nobody told
    std::int64_t gaussians = -1;  // negative: it failed
    config::StageTimes times = {};
    AttemptOutcome outcome = AttemptOutcome::error;
    std::string error;  // empty when none
    Health health = {};
    // Made beyond what the gate asks for, in time that costs nothing; no retry.
    bool candidate = false;
    std::optional<Prediction> predicted = {};
    Milliseconds at = 0;
};

}  // namespace storage

// How long the stages of one attempt took: what the generator measures, the database keeps and the
// pages show, under the same names everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace config {

// Milliseconds; negative where the stage did not run.
struct StageTimes {
    double prepare = -1;    // decode, enhance, crop
    double encode = -1;     // picture encoder
    double structure = -1;  // structure flow
    double occupancy = -1;  // structure decoder and active voxels
    double latent = -1;     // latent flow
    double gaussians = -1;  // Gaussian decoder
    double compress = -1;   // export and SPZ
};

struct Stage {
    std::string_view name;
    double StageTimes::*time;
};

// In the order in which they run.
inline constexpr std::array<Stage, 7> kStages{{{"prepare", &StageTimes::prepare},
                                               {"encode", &StageTimes::encode},
                                               {"structure", &StageTimes::structure},
                                               {"occupancy", &StageTimes::occupancy},
                                               {"latent", &StageTimes::latent},
                                               {"gaussians", &StageTimes::gaussians},
                                               {"compress", &StageTimes::compress}}};

// Of the stages that ran.
inline double total(const StageTimes& times) {
    double sum = 0;
    for (const auto& stage : kStages) sum += std::max(times.*stage.time, 0.0);
    return sum;
}

}  // namespace config

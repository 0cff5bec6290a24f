// Stage times as the header Server-Timing carries them from one miner to another (and to browsers'
// tools): "structure;dur=12.5, latent;dur=20". Pure.
#pragma once

#include "config/stage_times.hpp"

#include <string>
#include <string_view>

namespace miner {

std::string write_server_timing(const config::StageTimes& times);  // of the stages that ran

// Names that are no stage's, and what is no number of milliseconds below a day, are passed over.
config::StageTimes read_server_timing(std::string_view header);

}  // namespace miner

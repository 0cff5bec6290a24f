// Stage times as the header Server-Timing carries them from one miner to another (and to browsers'
// tools): "structure;dur=12.5, latent;dur=20". Pure.
#pragma once

#include "generator/asset.hpp"

#include <string>
#include <string_view>

namespace miner {

std::string write_server_timing(const generator::StageTimes& times);  // of the stages that ran

// Names that are no stage's, and what is no number of milliseconds below a day, are passed over.
generator::StageTimes read_server_timing(std::string_view header);

}  // namespace miner

// The model loads and makes something of a picture, by the very generation config that mining has.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/check/finding.hpp"
#include "miner/generation/device.hpp"

namespace miner {

// Takes as long as loading and one generation take; runs on lanes of its own.
Findings check_generation(const config::Settings& settings, const MakeGenerator& make_generator,
                          config::Logger& log);

}  // namespace miner

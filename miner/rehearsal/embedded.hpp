// What a rehearsal brings along inside the executable.
#pragma once

#include "config/embedded_file.hpp"

#include <cstdint>

extern "C" const config::EmbeddedFile miner_rehearsal_pictures[];
extern "C" const std::uint64_t miner_rehearsal_pictures_count;
extern "C" const config::EmbeddedFile miner_rehearsal_manifest[];
extern "C" const std::uint64_t miner_rehearsal_manifest_count;
extern "C" const config::EmbeddedFile miner_rehearsal_prompts[];
extern "C" const std::uint64_t miner_rehearsal_prompts_count;
extern "C" const config::EmbeddedFile miner_rehearsal_truth[];
extern "C" const std::uint64_t miner_rehearsal_truth_count;

// The metadata of a real runtime (node-subtensor, specVersion 343), which is part of this program.
#pragma once

#include "network/chain/metadata.hpp"

#include <cstdint>
#include <vector>

namespace network {

// Version 15, as it stands inside the answer of Metadata_metadata_at_version.
std::vector<std::uint8_t> recorded_metadata();

// The same with one field more at the head of each NeuronInfoLite, as an upgrade may bring it.
std::vector<std::uint8_t> upgraded_metadata();

}  // namespace network

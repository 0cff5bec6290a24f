// Arguments that several networks share, as published.
#pragma once

#include "generator/nn/block.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>

namespace generator {

// "num_heads", or "model_channels" / "num_head_channels"; divides the channels.
std::int64_t read_heads(const Args& args, std::int64_t channels);

// Of a SparseStructureFlowModel or SLatFlowModel. Refuses what makes another network: other
// position embeddings than "ape", shared modulation.
BlockSize read_dit_block(const Args& args);

}  // namespace generator

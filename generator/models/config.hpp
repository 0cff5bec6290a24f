// Arguments that several networks share, as published.
#pragma once

#include "generator/nn/block.hpp"
#include "generator/weights/args.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace generator {

// In published files of TRELLIS's own networks, and of no consequence here: how they were trained,
// in which precision they ran, and the other way to say how many heads there are.
inline const std::vector<std::string_view> kHarmlessKeys = {"use_fp16", "use_checkpoint", "dropout",
                                                            "num_head_channels"};

// "num_heads", or "model_channels" / "num_head_channels"; divides the channels.
std::int64_t read_heads(const Args& args, std::int64_t channels);

// Of a SparseStructureFlowModel or SLatFlowModel. Refuses what makes another network: other
// position embeddings than "ape", shared modulation.
BlockSize read_dit_block(const Args& args);

}  // namespace generator

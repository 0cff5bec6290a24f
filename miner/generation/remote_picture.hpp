// A picture as it goes to another miner's /generate. Pure; any thread.
#pragma once

#include "generator/asset.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace miner {

constexpr std::size_t kLargestCallersPicture = 8 << 20;  // bytes that /generate takes

// What is sent in place of a file of so many bytes that shows `rgba`, where /generate would refuse
// it for its bytes, pixels or sides (as generator.max_pixels is unless it is set): a PNG of at most
// 1024 pixels a side. Of a picture without transparency that is what cutting its object out begins
// with, so that it comes out the same. Nothing: the file goes as it is.
std::optional<std::vector<std::uint8_t>> smaller_for_remote(const generator::Image& rgba,
                                                            std::size_t bytes);

}  // namespace miner

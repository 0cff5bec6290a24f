// What is measured when there is no object: a checkpoint of random weights makes none.
#pragma once

#include "generator/nn/sparse_shape.hpp"

#include <cstdint>
#include <vector>

namespace generator {

// The `count` voxels nearest to a sphere within the grid, in ascending order: as hollow as
// generated objects are. All of the grid if it has no more.
std::vector<Voxel> hollow_ball(std::int64_t count, std::int64_t resolution);

}  // namespace generator

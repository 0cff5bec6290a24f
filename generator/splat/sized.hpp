// Private to splat/.
#pragma once

#include "generator/parallel.hpp"
#include "generator/splat/ply.hpp"

namespace generator {

// splats.resize(count), each array by another thread: the first touch of their pages is what takes
// longest.
void resize(StoredSplats& splats, std::size_t count, Team& team);

}  // namespace generator

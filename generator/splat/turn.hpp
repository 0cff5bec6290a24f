// Turning Gaussians about x, whichever way is up in the files they come from and go to. Any thread.
#pragma once

#include "generator/splat/ply.hpp"

namespace generator {

// How many quarter turns about x, from y to z, bring one to the other: -2 to 2.
constexpr int quarter_turns(UpAxis from, UpAxis to) { return int(to) - int(from); }

// Places, rotations and harmonics. Two quarters change signs alone, so that twice two is as if
// nothing was done; after one, harmonics are sums of others, right to the last bits of a float.
void turn_about_x(StoredSplats& splats, int quarters);

// Two quarters.
void turn_half(StoredSplats& splats);

}  // namespace generator

// Gaussians in a binary glTF 2.0 by Khronos's extension KHR_gaussian_splatting (ratified 2026;
// https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Khronos/KHR_gaussian_splatting).
// A glTF has +y up and +z towards the viewer, as the subnet's SPZ has.
#pragma once

#include "generator/splat/ply.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace generator {

// One mesh of points: POSITION, ROTATION (x y z w, length 1), SCALE (as it is, not its logarithm),
// OPACITY (0 to 1), SH_DEGREE_l_COEF_n up to the splats' degree, 3 at most; all of float. COLOR_0,
// for whoever knows points alone, is the colour seen from anywhere, linear as glTF wants it, in 16
// bits. Axes stay. Fails with bad_splats where a number is not finite or a rotation is 0, neither
// of which a glTF can hold; it says how many Gaussians that concerns.
config::Result<std::vector<std::uint8_t>> write_glb(const StoredSplats& splats);

bool is_glb(std::span<const std::uint8_t> bytes);

// The one set of Gaussians in it, of kernel "ellipse", colour space "srgb_rec709_display" and
// perspective projection, in the components that the extension allows. Places and sizes are checked
// before anything is allocated. Fails with bad_splats: no such set or several, of other kinds or
// compressed, a node above them that moves them, data outside of the file.
config::Result<StoredSplats> read_glb(std::span<const std::uint8_t> bytes);

}  // namespace generator

// From TRELLIS's space to what leaves the machine: up axis, size, centre, strays, finite opacities.
// Each default is what a validator scores best; the tests show each one's effect through the
// validator's own normalisation.
#pragma once

#include "config/settings.hpp"
#include "generator/splat/ply.hpp"

#include <vector>

namespace generator {

enum class Up {
    y,        // (x, z, -y): +y is up, as the validator renders
    trellis,  // (x, -z, y): TRELLIS's own PLY, as viewers and the later season's /generate expect
};

struct ExportOptions {
    Up up = Up::y;
    double size = 1.5;     // largest side of the bounding box of the centres; 0: leave
    bool centre = true;    // the mean of the centres to the origin, each axis by itself
    double margin = 0.05;  // leave out what lies further outside the unit cube; negative: keep all
    double min_opacity = 1.0 / 255;  // leave out fainter ones
    int threads = 0;                 // threads_for() of it; the result does not depend on them
};

ExportOptions export_options(const config::Export& settings);

// As TRELLIS's own files are: its axes; size, place and every Gaussian as generated.
ExportOptions trellis_options();

// Leaves out (what is not finite or has no size or rotation, always; strays; faint ones), then
// turns, then scales and centres what remains, so that its box has the size asked for to the last
// bit of a float. Rotations come out with length 1. The order of the Gaussians stays. Empty when
// nothing remains. Any thread.
StoredSplats export_splats(const Splats& splats, const ExportOptions& options = {});

// The way back: activated, and turned into TRELLIS's space; size and place stay as they are, and so
// does what is not finite. `up`: how they were exported. Any thread.
Splats import_splats(const StoredSplats& splats, Up up);

}  // namespace generator

// From TRELLIS's space to what leaves the machine: up axis, size, centre, strays, finite opacities (generator.md).
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
    double size = 1.5;               // largest side of the bounding box of the centres; 0: leave
    bool centre = true;              // each axis by itself
    double margin = 0.05;            // leave out what lies further outside the unit cube; negative: keep all
    double min_opacity = 1.0 / 255;  // leave out fainter ones
};

ExportOptions export_options(const config::Export& settings);

// Non-finite Gaussians are always left out. Empty when nothing remains.
StoredSplats export_splats(const Splats& splats, const ExportOptions& options = {});

}  // namespace generator

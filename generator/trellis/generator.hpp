// The Generator that trellis.cpp makes, from any networks that fit together: those of a checkpoint,
// or random ones to measure with.
#pragma once

#include "generator/generator.hpp"
#include "generator/models/matting.hpp"
#include "generator/nn/sparse_shape.hpp"
#include "generator/trellis/networks.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace generator {

class TrellisGenerator : public Generator {
public:
    // What stands in for the voxels that a structure shows; null: nothing does. Random weights show
    // no object.
    using Voxels = std::function<std::vector<Voxel>()>;
    virtual void use_voxels(Voxels voxels) = 0;
};

// One or two pipelines, of different input. Throws Refused.
std::unique_ptr<TrellisGenerator> make_trellis(std::vector<Networks> pipelines,
                                               const ComputeTarget& target, std::string name,
                                               std::optional<Matting> matting);

}  // namespace generator

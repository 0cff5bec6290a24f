// How much of a GPU's memory a checkpoint needs, from the headers of its files.
#pragma once

#include "generator/memory_need.hpp"
#include "generator/trellis/device.hpp"
#include "generator/trellis/networks.hpp"
#include "generator/weights/manifest.hpp"

#include <optional>
#include <vector>

namespace generator {

// Of a checkpoint's pipelines in `dtype`: what several of them name is counted once. Throws
// Refused.
MemoryNeed need_of(const Files& files, const std::vector<Manifest>& manifests,
                   at::ScalarType dtype);

// Of one pipeline whose networks have so many numbers in all.
MemoryNeed need_of(const NetworkConfigs& configs, std::int64_t parameters, at::ScalarType dtype);

// The published scorer's networks, all of them.
MemoryNeed published_scorer_need(at::ScalarType dtype);

// Nothing on a CPU. Refuses where not even the weights have room, with the settings that help:
// out_of_memory, or device_too_small where they would have none on an empty GPU either. Takes the
// GPU into use.
std::optional<Fit> look_whether_it_fits(const MemoryNeed& need, const ComputeTarget& target);

}  // namespace generator

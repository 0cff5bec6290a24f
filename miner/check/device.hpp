// Where the networks would run, and whether they fit there. Pure.
#pragma once

#include "config/result.hpp"
#include "generator/gpu.hpp"
#include "generator/memory_need.hpp"
#include "miner/check/finding.hpp"

namespace miner {

// Which device was taken and why.
Finding check_device(const config::Result<generator::DeviceReport>& report);

// Whether what is to be loaded fits into a GPU's memory.
Finding check_fit(const generator::Fit& fit);

}  // namespace miner

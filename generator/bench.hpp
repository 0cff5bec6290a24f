// What a published architecture costs on this machine, without its weights: every network is built
// with random ones and every stage run once at full size.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace generator {

struct BenchOptions {
    std::string model;             // one of bench_models()
    std::int64_t voxels = 10'000;  // random weights find no object: a hollow ball of so many
    int steps = 12;                // of each flow; guided as published, while t is 0.5 or more
};

struct BenchStage {
    std::string name;
    double milliseconds = 0;
    std::int64_t peak_bytes = 0;  // of the device's memory (CPU: of the process) while it ran
};

struct BenchNetwork {
    std::string name;
    std::int64_t parameters = 0;
};

struct BenchReport {
    std::string device, dtype;
    std::vector<BenchNetwork> networks;
    std::vector<BenchStage> stages;  // in order, the building of the networks first
    std::int64_t voxels = 0;
    std::int64_t gaussians = 0;
};

std::vector<std::string> bench_models();

// The networks of one of them by their shapes alone: nothing is allocated or computed. Fails with
// missing_file for an unknown model.
config::Result<std::vector<BenchNetwork>> bench_networks(const std::string& model);

// On the lane that may use settings.device. Fails with missing_file for an unknown model (it says
// which are known), bad_device, out_of_memory, device_lost, cancelled.
config::Result<BenchReport> bench_random(const BenchOptions& options,
                                         const config::Generator& settings, std::stop_token stop);

}  // namespace generator

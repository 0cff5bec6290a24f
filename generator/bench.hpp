// What a published architecture costs on this machine, without its weights: whole generations, by
// the generator that mines, with random weights.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "generator/asset.hpp"
#include "generator/generator.hpp"
#include "generator/memory_need.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace generator {

struct BenchOptions {
    std::string model;  // one of bench_models()
    // Random weights find no object: hollow balls stand in, each of another number of voxels up to
    // a tenth above or below this.
    std::int64_t voxels = 10'000;
    int steps = 12;           // of each flow; guided as published, while t is 0.5 or more
    std::optional<int> runs;  // 10 on a GPU, 1 on a CPU
};

// One generation, from a decoded picture (or a prompt) to SPZ.
struct BenchTask {
    std::int64_t voxels = 0, gaussians = 0, bytes = 0;
    StageTimes times;
    double total = 0;  // milliseconds
};

struct BenchNetwork {
    std::string name;
    std::int64_t parameters = 0;
};

// Most bytes in use meanwhile: of the device's memory (CPU: of the process).
struct BenchPeaks {
    std::int64_t build = 0, warm_up = 0, structure = 0, splats = 0;

    std::int64_t most() const { return std::max({build, warm_up, structure, splats}); }
};

struct BenchReport {
    std::string device, dtype;
    std::vector<BenchNetwork> networks;
    double build = 0, warm_up = 0;      // milliseconds, before the first task
    std::vector<BenchTask> new_shapes;  // no two alike, and none seen before
    std::vector<BenchTask> once_more;   // each right after the first of its shape; none for one run
    BenchPeaks peaks;
    // How often tasks had to ask the driver for memory; the rest came from what the warm-up left.
    // Nothing on a CPU.
    std::optional<std::int64_t> device_allocations = {};
    std::optional<Fit> fit = {};  // before anything was loaded; nothing on a CPU
};

std::vector<std::string> bench_models();

// The networks of one of them by their shapes alone: nothing is allocated or computed. Fails with
// missing_file for an unknown model.
config::Result<std::vector<BenchNetwork>> bench_networks(const std::string& model);

// On the lane that may use settings.device. Fails with missing_file for an unknown model (it says
// which are known), bad_device, out_of_memory, device_too_small, device_lost, cancelled.
config::Result<BenchReport> bench_random(const BenchOptions& options,
                                         const config::Generator& settings, std::stop_token stop);

// A generator of the same kind for whoever measures more than one generation after the other: each
// of its structures is a hollow ball of another number of voxels, until some sixty were made. Of
// the options runs stay out. Fails likewise.
config::Result<std::unique_ptr<Generator>> make_bench_generator(const BenchOptions& options,
                                                                const config::Generator& settings);

// ---------------------------------------------------------------- the validator's scorer

// What a candidate's score costs beyond its generation, on the way that mining takes: the networks
// as published, with random weights.
struct ScorerBenchOptions {
    std::int64_t voxels = 10'000;  // of hollow balls, a tenth more or less; 32 Gaussians each
    std::optional<int> runs;       // of each kind: 20 on a GPU, 1 on a CPU
    int threads = 0;               // as ScorerOptions::threads
};

// One candidate, from the bytes of its SPZ to the score. Milliseconds.
struct ScoredCandidate {
    std::int64_t gaussians = 0, bytes = 0;
    double read = 0;   // SPZ as the validator reads it, and whether it would refuse it
    double views = 0;  // the views once more, alone: their part of the total
    double score = 0;  // the rest of the total
    double total = 0;
};

struct ScorerKindReport {
    double load = 0;  // milliseconds: the first condition, with the networks that it needs
    double ask = 0;   // likewise, another one: once a task
    std::vector<ScoredCandidate> candidates;  // no two alike; the first was the first of its kind
    std::int64_t peak_bytes = 0;              // of the device's memory (CPU: of the process)
};

struct ScorerBenchReport {
    std::string device, dtype;
    std::int64_t parameters = 0;
    double open = 0;                   // milliseconds, with the networks of every kind of task
    std::optional<Fit> fit = {};       // before anything was loaded; nothing on a CPU
    ScorerKindReport words, pictures;  // in this order: what words need stays in memory
};

// On the lane that may use settings.device. Fails with bad_device, out_of_memory, device_too_small,
// device_lost, cancelled.
config::Result<ScorerBenchReport> bench_scorer(const ScorerBenchOptions& options,
                                               const config::Score& settings, std::stop_token stop);

}  // namespace generator

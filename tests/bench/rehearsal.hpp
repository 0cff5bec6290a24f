// What the benchmarks work on: the model and pictures of the rehearsal on the CPU, in fp32, as the
// Python counterpart has them, or in what MINER_BENCH_DTYPE names; with MINER_BENCH_REGISTERS=avx2
// as on a processor without AVX-512. Whatever fails throws, which ends the program: there is no
// number then.
#pragma once

#include "generator/asset.hpp"
#include "generator/generator.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::uint64_t kSeed = 2;  // makes most of the picture below

// The picture file that everything is measured with: of the rehearsal's the one that comes to most
// voxels, or what MINER_BENCH_PICTURE names.
const std::vector<std::uint8_t>& picture_file();
const generator::Image& picture();  // decoded: RGBA
const generator::Image&
prepared_picture();  // with the standard enhancement, as the encoder wants it

struct Generation {
    generator::StageTimes times;
    std::int64_t voxels = 0;
    generator::Splats splats;
};

// The embedded model, or the folder that MINER_BENCH_MODEL names.
const generator::ModelInfo& model();
Generation generate(const generator::Image& prepared);

// Of the rehearsal's largest object, the first 500,000: neighbours resemble one another, which
// random numbers would not, and compression depends on that.
const generator::Splats& half_a_million();

}  // namespace bench

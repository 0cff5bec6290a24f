// The networks, and whatever else stands on libtorch, as a library that the program opens when a
// command needs them: loading libtorch takes twenty times as long as the rest of a start, and most
// commands have no use for it.
#pragma once

#include "generator/about.hpp"
#include "generator/bench.hpp"
#include "generator/render/rasterizer.hpp"
#include "generator/score/scorer.hpp"
#include "generator/trellis/trellis.hpp"

#include <memory>
#include <string>

namespace generator {

// What the library offers: the functions of these names. Program and library each hold a copy of
// what is torch-free, and see nothing of the other's but what goes through here. So that an error
// of one is an error to the other, categories of errors are the same by their number.
struct NetworkLibrary {
    const char* build;  // first in every version: by it a library of another build is told

    decltype(&generator::about) about;
    decltype(&generator::make_trellis) make_trellis;
    decltype(&generator::look_at_device) look_at_device;
    decltype(&generator::memory_need) memory_need;
    decltype(&generator::scorer_memory_need) scorer_memory_need;
    decltype(&generator::open_published_scorer) open_published_scorer;
    config::Result<std::unique_ptr<Scorer>> (*open_embedded_scorer)(const std::string& device);
    decltype(&generator::rasterizer_on) rasterizer_on;
    decltype(&generator::bench_random) bench_random;
    decltype(&generator::bench_scorer) bench_scorer;
    decltype(&generator::make_bench_generator) make_bench_generator;
};

// The file that lies beside the program, or in lib/ of a package.
inline constexpr const char* kNetworkLibrary = "libminer_networks.so";

// Opens it for good, with libtorch and all that this loads; OpenMP reads its variables now. Later
// calls return the same. Fails with missing_file where it, or what it needs, is not there, and
// where it is of another build than this program. Any thread.
config::Result<const NetworkLibrary*> open_network_library(const char* file = kNetworkLibrary);

}  // namespace generator

// The one name that the library shows.
extern "C" const generator::NetworkLibrary* miner_networks();

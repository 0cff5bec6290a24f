// What the library of the networks shows to the program that opens it.
#include "generator/network_library.hpp"

#include "config/version.hpp"
#include "generator/score/embedded_scorer.hpp"

namespace {

config::Result<std::unique_ptr<generator::Scorer>> open_embedded_scorer(const std::string& device) {
    return generator::open_embedded_scorer(device);
}

}  // namespace

const generator::NetworkLibrary* miner_networks() {
    static const std::string build = config::version_and_commit();
    static const generator::NetworkLibrary library{
        .build = build.c_str(),
        .about = generator::about,
        .make_trellis = generator::make_trellis,
        .look_at_device = generator::look_at_device,
        .memory_need = generator::memory_need,
        .scorer_memory_need = generator::scorer_memory_need,
        .open_published_scorer = generator::open_published_scorer,
        .open_embedded_scorer = open_embedded_scorer,
        .rasterizer_on = generator::rasterizer_on,
        .bench_random = generator::bench_random,
        .bench_scorer = generator::bench_scorer,
        .make_bench_generator = generator::make_bench_generator};
    return &library;
}

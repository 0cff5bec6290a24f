// From a picture file to SPZ, stage by stage.

#include "generator/image/decode.hpp"
#include "generator/image/enhance.hpp"
#include "generator/image/prepare.hpp"
#include "generator/splat/encode.hpp"
#include "tests/bench/rehearsal.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>

namespace {

void decode(benchmark::State& state) {
    for (auto _ : state) {
        auto image = generator::decode(bench::picture_file()).value();
        benchmark::DoNotOptimize(image.pixels.data());
    }
}
BENCHMARK(decode)->UseRealTime()->Unit(benchmark::kMillisecond);

void enhance(benchmark::State& state, const std::vector<std::string>& texts) {
    const auto chain = generator::parse_chain(texts).value();
    for (auto _ : state) {
        auto image = generator::enhance(bench::picture(), chain);
        benchmark::DoNotOptimize(image.pixels.data());
    }
}

void prepare(benchmark::State& state) {
    const auto chain = generator::parse_chain(config::Enhance{}.standard).value();
    const auto enhanced = generator::enhance(bench::picture(), chain);
    const int size = bench::model().picture_size;
    for (auto _ : state) {
        auto image = generator::prepare(enhanced, size).value();
        benchmark::DoNotOptimize(image.pixels.data());
    }
}
BENCHMARK(prepare)->UseRealTime()->Unit(benchmark::kMillisecond);

struct Stage {
    const char* name;
    double generator::StageTimes::*time;
};

constexpr Stage kStages[] = {{"encode", &generator::StageTimes::encode},
                             {"structure", &generator::StageTimes::structure},
                             {"occupancy", &generator::StageTimes::occupancy},
                             {"latent", &generator::StageTimes::latent},
                             {"gaussians", &generator::StageTimes::gaussians}};

// The picture with another corner, which is background: of one that it has had the generator keeps
// what the encoder made, and there would be nothing to measure.
generator::Image new_picture() {
    static std::uint8_t number = 0;
    auto picture = bench::prepared_picture();
    picture.pixels.front() = ++number;
    return picture;
}

// The generation that counts as a stage's run number `run`: made once for all stages, after one to
// warm up.
const bench::Generation& generation(std::size_t run) {
    static std::deque<bench::Generation> made;
    if (made.empty()) bench::generate(new_picture());
    while (made.size() <= run) made.push_back(bench::generate(new_picture()));
    return made[run];
}

// As the stages report themselves, which is what the journal keeps and `miner stats` tells.
void stage(benchmark::State& state, double generator::StageTimes::*time, std::size_t& runs) {
    for (auto _ : state) {
        const auto& run = generation(runs++);
        state.SetIterationTime(run.times.*time / 1e3);
        state.counters["voxels"] = double(run.voxels);
    }
}

void write_object(benchmark::State& state) {
    const auto& splats = generation(0).splats;
    const config::Export settings;
    const auto how = generator::export_options(settings);
    const generator::SpzOptions options{.fraction_bits = settings.fraction_bits,
                                        .zstd_level = settings.zstd_level};
    for (auto _ : state) {
        auto encoded = generator::encode_spz(splats, how, options);
        benchmark::DoNotOptimize(encoded.spz.data());
    }
}
BENCHMARK(write_object)->Name("write")->UseRealTime()->Unit(benchmark::kMillisecond);

const bool kRegistered = [] {
    const config::Enhance chains;
    for (const auto& [name, texts] :
         {std::pair("enhance_standard", chains.standard), {"enhance_extreme", chains.extreme}}) {
        benchmark::RegisterBenchmark(name, enhance, texts)
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
    }
    for (const auto& [name, time] : kStages) {
        benchmark::RegisterBenchmark(
            name, [time = time, runs = std::size_t(0)](
                      benchmark::State& state) mutable { stage(state, time, runs); })
            ->Iterations(1)
            ->UseManualTime()
            ->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace

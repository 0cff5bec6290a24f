// What becomes of half a million Gaussians on their way out, with the default settings.

#include "config/settings.hpp"
#include "generator/splat/encode.hpp"
#include "generator/splat/export.hpp"
#include "generator/splat/spz.hpp"
#include "tests/bench/rehearsal.hpp"

#include <benchmark/benchmark.h>

namespace {

const generator::StoredSplats& exported() {
    static const auto splats = generator::export_splats(
        bench::half_a_million(), generator::export_options(config::Export{}));
    return splats;
}

generator::SpzOptions spz_options() {
    const config::Export settings;
    return {.fraction_bits = settings.fraction_bits, .zstd_level = settings.zstd_level};
}

void export_500k(benchmark::State& state) {
    const auto& splats = bench::half_a_million();
    const auto options = generator::export_options(config::Export{});
    for (auto _ : state) {
        auto stored = generator::export_splats(splats, options);
        benchmark::DoNotOptimize(stored.logit.data());
    }
}
BENCHMARK(export_500k)->UseRealTime()->Unit(benchmark::kMillisecond);

void spz_write_500k(benchmark::State& state) {
    const auto& splats = exported();
    const auto options = spz_options();
    for (auto _ : state) {
        auto bytes = generator::write_spz(splats, options);
        benchmark::DoNotOptimize(bytes.data());
        state.counters["bytes"] = double(bytes.size());
    }
}
BENCHMARK(spz_write_500k)->UseRealTime()->Unit(benchmark::kMillisecond);

void spz_encode_500k(benchmark::State& state) {
    const auto& splats = bench::half_a_million();
    const auto how = generator::export_options(config::Export{});
    const auto options = spz_options();
    for (auto _ : state) {
        auto encoded = generator::encode_spz(splats, how, options);
        benchmark::DoNotOptimize(encoded.spz.data());
    }
}
BENCHMARK(spz_encode_500k)->UseRealTime()->Unit(benchmark::kMillisecond);

void spz_read_500k(benchmark::State& state) {
    const auto bytes = generator::write_spz(exported(), spz_options());
    for (auto _ : state) {
        auto file = generator::read_spz(bytes).value();
        benchmark::DoNotOptimize(file.splats.logit.data());
    }
}
BENCHMARK(spz_read_500k)->UseRealTime()->Unit(benchmark::kMillisecond);

void ply_write_500k(benchmark::State& state) {
    const auto& splats = exported();
    for (auto _ : state) {
        auto bytes = generator::write_ply(splats);
        benchmark::DoNotOptimize(bytes.data());
    }
}
BENCHMARK(ply_write_500k)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

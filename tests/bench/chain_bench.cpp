// What the chain says, from bytes to values: a runtime's metadata once an upgrade, and a subnet of
// 1024 neurons each refresh.

#include "network/chain/metagraph.hpp"
#include "network/chain/runtime_api.hpp"
#include "tests/support/recordings.hpp"
#include "tests/support/vectors.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>

namespace {

constexpr const char* kNeurons = "NeuronInfoRuntimeApi_get_neurons_lite";
constexpr const char* kState = "SubnetInfoRuntimeApi_get_subnet_state";

std::vector<std::uint8_t> answer(const char* method) {
    const std::string_view text =
        tests::recorded_result("metagraph.json.gz", "state_call", method).as_string();
    return tests::from_hex(text.substr(2));
}

void metadata_parse(benchmark::State& state) {
    const auto bytes = tests::recorded_bytes("metadata_v15_opaque.hex.gz");
    for (auto _ : state) {
        auto metadata = network::Metadata::parse(bytes);
        if (!metadata) std::abort();
        benchmark::DoNotOptimize(metadata);
    }
}
BENCHMARK(metadata_parse)->Unit(benchmark::kMillisecond)->UseRealTime();

void metagraph_decode(benchmark::State& state) {
    const auto metadata =
        network::Metadata::parse(tests::recorded_bytes("metadata_v15_opaque.hex.gz")).value();
    const auto neurons = answer(kNeurons), subnet = answer(kState);
    for (auto _ : state) {
        const auto everybody = network::method_answer(metadata, kNeurons, neurons);
        const auto stakes = network::method_answer(metadata, kState, subnet);
        if (!everybody || !stakes) std::abort();
        auto metagraph = network::Metagraph::make({1, 1, false}, *everybody, *stakes);
        if (!metagraph || metagraph->neurons().size() != 1024) std::abort();
        benchmark::DoNotOptimize(metagraph);
    }
}
BENCHMARK(metagraph_decode)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

// Signatures as every call to a validator carries them.

#include "network/subnet/messages.hpp"
#include "network/wallet/keypair.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

namespace {

network::Keypair keypair(std::uint8_t byte) {
    network::Secret<32> seed;
    for (auto& each : seed.bytes()) each = byte++;
    return network::Keypair::from_seed(seed);
}

// What stands in front of every call: some 200 bytes.
std::string call_text() {
    const network::CallIdentity call{.miner_hotkey = keypair(1).address(),
                                     .external_ip = "198.51.100.7",
                                     .nonce_ns = 1'764'000'000'123'456'789,
                                     .uuid = "7d6f6c1e-9d0a-11f0-a5c1-0242ac120002"};
    network::Peer validator;
    validator.hotkey = keypair(2).address();
    return network::dendrite_text(call, validator);
}

// What consents to the licence: the prompt is in it, a picture of a megabyte here.
std::string submission_text() {
    return network::signed_text(1'764'000'000'123'456'789, std::string(1'000'000, 'A'),
                                keypair(2).address(), keypair(1).address());
}

void sign(benchmark::State& state, std::string (*make)()) {
    const auto key = keypair(1);
    const auto text = make();
    for (auto _ : state) {
        auto signature = key.sign(text);
        benchmark::DoNotOptimize(signature.data());
    }
}
BENCHMARK_CAPTURE(sign, , call_text)->Name("sign")->UseRealTime();
BENCHMARK_CAPTURE(sign, , submission_text)->Name("sign_1mb")->UseRealTime();

void verify(benchmark::State& state) {
    const auto key = keypair(1);
    const auto text = call_text();
    const auto signature = key.sign(text);
    for (auto _ : state) {
        bool good = network::verify(key.public_key(), text, signature);
        if (!good) throw std::logic_error("our own signature does not verify");
        benchmark::DoNotOptimize(good);
    }
}
BENCHMARK(verify)->UseRealTime();

}  // namespace

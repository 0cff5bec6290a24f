#include "miner/rehearsal/chain.hpp"

#include "network/wallet/ss58.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>

namespace miner {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr double kRaoPerTao = 1e9;
constexpr auto kMainnetBlock = 12'000ms;
constexpr auto kShortestBlock = 50ms;
constexpr int kBlocksBefore = 20, kBlocksDuring = 20;  // of a fault

// False when it was asked to stop meanwhile.
bool sleep(milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, time, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace

bool is_chain_fault(std::string_view name) {
    return std::find(kChainFaults.begin(), kChainFaults.end(), name) != kChainFaults.end();
}

RehearsalChain::RehearsalChain(std::unique_ptr<network::ChainNode> node, Cast cast,
                               config::Logger& log)
    : node_(std::move(node)),
      hotkeys_(cast.hotkeys.begin(), cast.hotkeys.end()),
      validators_(cast.validators),
      log_(log) {}

config::Result<std::unique_ptr<RehearsalChain>> RehearsalChain::start(
    const config::Settings& settings, Cast cast, config::Logger& log) {
    network::ChainNode::Options options;
    options.netuid = std::uint16_t(settings.netuid);
    const auto scaled =
        std::chrono::round<milliseconds>(kMainnetBlock * settings.rehearse.time_scale);
    options.block_time = std::max<milliseconds>(scaled, kShortestBlock);
    // A stall must last until the miner gives the node up.
    const Timing timing{kBlocksBefore * options.block_time, kBlocksDuring * options.block_time,
                        settings.subtensor.stale + 1s};
    for (const auto& validator : cast.validators) {
        const auto peer = validator->peer();
        network::LocalNeuron neuron;
        neuron.hotkey = network::ss58_decode(peer.hotkey).value();
        neuron.stake_rao =
            std::uint64_t(std::llround(10 * settings.schedule.min_stake * kRaoPerTao));
        neuron.validator_permit = true;
        neuron.ip = kLoopback;
        neuron.port = peer.port;
        options.neurons.push_back(neuron);
    }
    for (const auto& hotkey : cast.hotkeys) {
        network::LocalNeuron neuron;
        neuron.hotkey = hotkey;
        options.neurons.push_back(neuron);
    }
    auto node = network::ChainNode::start(std::move(options));
    if (!node) return node.error();
    std::unique_ptr<RehearsalChain> chain(new RehearsalChain(std::move(*node), cast, log));
    std::vector<std::string> faults;
    for (const auto& fault : settings.rehearse.faults) {
        if (is_chain_fault(fault)) faults.push_back(fault);
    }
    chain->thread_ = std::jthread([self = chain.get(), faults, timing](std::stop_token stop) {
        self->bring(faults, timing, stop);
    });
    return chain;
}

void RehearsalChain::bring(const std::vector<std::string>& faults, Timing timing,
                           const std::stop_token& stop) {
    for (const auto& fault : faults) {
        if (!sleep(timing.before, stop)) return;
        begin(fault);
        if (!sleep(fault == "stall" ? timing.stall : timing.during, stop)) return;
        end(fault);
    }
    // Time to come back from the last one.
    if (!faults.empty() && !sleep(timing.before, stop)) return;
    done_ = true;
}

void RehearsalChain::begin(std::string_view fault) {
    log_.info("chain fault", {{"what", fault}});
    if (fault == "deregister") {
        node_->change([&](network::ChainState& state) {
            for (const auto& hotkey : hotkeys_) state.deregister(hotkey);
        });
    } else if (fault == "disconnect") {
        node_->disconnect();
    } else if (fault == "stall") {
        node_->stall(true);
    } else if (fault == "upgrade") {
        node_->change([](network::ChainState& state) { state.upgrade(); });
    } else if (fault == "move") {
        for (const auto& validator : validators_) {
            const auto port = validator->move();
            if (!port) continue;
            const auto hotkey = network::ss58_decode(validator->peer().hotkey).value();
            node_->change([&](network::ChainState& state) { state.move(hotkey, *port); });
        }
    }
}

void RehearsalChain::end(std::string_view fault) {
    if (fault == "deregister") {
        node_->change([&](network::ChainState& state) {
            for (const auto& hotkey : hotkeys_) state.reregister(hotkey);
        });
    } else if (fault == "stall") {
        node_->stall(false);
    }
}

}  // namespace miner

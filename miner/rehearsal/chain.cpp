#include "miner/rehearsal/chain.hpp"

#include "network/wallet/ss58.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>

namespace miner {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kLoopback = 0x7f000001;
constexpr double kRaoPerTao = 1e9;
constexpr auto kMainnetBlock = 12'000ms;
constexpr auto kShortestBlock = 50ms;
constexpr auto kBetweenGlances = 20ms;
constexpr auto kLongestFault = 5min;  // that is not noticed

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
    std::copy_if(settings.rehearse.faults.begin(), settings.rehearse.faults.end(),
                 std::back_inserter(faults), is_chain_fault);
    chain->thread_ = std::jthread(
        [self = chain.get(), plan = FaultPlan(std::move(faults), settings.rehearse.tasks)](
            const std::stop_token& stop) { self->bring(plan, stop); });
    return chain;
}

void RehearsalChain::bring(FaultPlan plan, const std::stop_token& stop) {
    using Step = FaultPlan::Step;
    std::optional<Clock::time_point> given_up;  // when the fault in force will be
    do {
        const auto before = asked();
        auto step = plan.due(before);
        if (step == Step::wait && given_up && Clock::now() > *given_up) {
            log_.warn("chain fault not noticed", {{"what", plan.fault()}});
            step = Step::end;
        }
        if (step == Step::begin) {
            begin(plan.fault());
            plan.begun(before, asked());
            given_up = Clock::now() + kLongestFault;
        } else if (step == Step::end) {
            end(plan.fault());
            plan.ended(asked());
            given_up.reset();
        } else if (step == Step::done) {
            done_ = true;
            return;
        }
    } while (sleep(kBetweenGlances, stop));
}

Asked RehearsalChain::asked() const {
    const auto tally = node_->tally();
    Asked asked{.looks = tally.looks, .connections = tally.connections, .tasks = 0, .pulls = {}};
    for (const auto& validator : validators_) {
        const auto theirs = validator->tally();
        asked.tasks += theirs.handed_out;
        asked.pulls.push_back(theirs.pulls);
    }
    return asked;
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

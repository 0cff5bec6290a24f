// A miner that follows a local chain with blocks of a few milliseconds, and what it says of it.
#pragma once

#include "miner/mining/chain_link.hpp"
#include "network/simulator/chain_node.hpp"
#include "tests/network/keys.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tests {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline constexpr std::uint64_t kTao = 1'000'000'000;

inline network::LocalNeuron miner_neuron(std::uint8_t number) {
    network::LocalNeuron neuron;
    neuron.hotkey = key_of(number).public_key();
    return neuron;
}

inline network::LocalNeuron validator_neuron(std::uint8_t number, std::uint16_t port) {
    auto neuron = miner_neuron(number);
    neuron.stake_rao = 5000 * kTao;
    neuron.validator_permit = true;
    neuron.ip = 0x7f000001;
    neuron.port = port;
    return neuron;
}

inline std::unique_ptr<network::ChainNode> start_node(std::chrono::milliseconds block_time = 5ms) {
    return network::ChainNode::start({.block_time = block_time,
                                      .neurons = {validator_neuron(10, 1010),
                                                  validator_neuron(11, 1011), miner_neuron(1)}})
        .value();
}

// A miner with one hotkey (number 1), and a chain with two validators.
struct Scene {
    TemporaryFolder folder;
    config::Settings settings;
    std::unique_ptr<network::ChainNode> node;
    std::vector<network::Endpoint> others;  // besides that one
    network::RpcLimits limits;
    network::Backoff::Settings pauses{.first = 1ms, .longest = 100ms, .jitter = 0};
    std::vector<miner::Identity> identities;
    std::vector<std::string> lines, quiet_lines;  // of the level debug
    std::vector<miner::Hindrance> hindrances;
    std::vector<miner::Validator> named;
    std::chrono::minutes later{0};  // than the clock of the machine

    explicit Scene(std::chrono::milliseconds block_time = 5ms) {
        node = start_node(block_time);
        settings.subtensor.network = "local";
        settings.subtensor.chain_endpoint = node->endpoint().url();
        settings.subtensor.check_blocks = 1;
        settings.subtensor.refresh_blocks = 10;
        identities.push_back({key_of(1), miner::Schedule(settings.schedule)});
    }

    // Runs the watch beside `play`, which then ends it.
    void run(std::function<asio::awaitable<void>(miner::ChainLink&)> play) {
        asio::io_context io{1};
        miner::Lanes lanes;
        miner::Stop stop(io.get_executor());
        config::Logger log(config::Level::debug, false, [this](std::string_view line) {
            const bool quiet = line.find(" DEBUG ") != line.npos;
            (quiet ? quiet_lines : lines).emplace_back(line);
        });
        auto endpoints = network::endpoints(settings.subtensor).value();
        endpoints.insert(endpoints.end(), others.begin(), others.end());
        miner::ChainLink link(
            io.get_executor(), std::move(endpoints),
            {.identities = identities,
             .stop = stop,
             .lanes = lanes,
             .log = log,
             .settings = settings,
             .folder = folder.path(),
             .named = named,
             .hindered = [this](miner::Hindrance why) { hindrances.push_back(std::move(why)); },
             .now = [this] { return std::chrono::steady_clock::now() + later; },
             .limits = limits,
             .pauses = pauses});
        link.watch().restore();
        std::exception_ptr failure;
        asio::co_spawn(io, link.run(), [&](std::exception_ptr error) {
            if (error) failure = error;
        });
        asio::co_spawn(io, play(link), [&](std::exception_ptr error) {
            if (error) failure = error;
            stop.ask();
        });
        io.run();
        if (failure) std::rethrow_exception(failure);
    }

    // In the way just now; empty: nothing is.
    std::string hindrance() const { return hindrances.empty() ? "" : hindrances.back().why; }

    // Where the first validator is, as far as the hotkey knows.
    int port_known() const {
        const auto& validators = identities[0].schedule.validators();
        return validators.empty() ? 0 : validators[0].peer.port;
    }
    int count(const std::string& event) const {
        return int(std::count_if(lines.begin(), lines.end(), [&](const auto& line) {
            return line.find(" " + event + " ") != std::string::npos;
        }));
    }
    bool says(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != std::string::npos; });
    }
};

// Waits on io until `holds`; a test that waits in vain fails.
inline asio::awaitable<void> until(std::function<bool()> holds) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (!holds() && std::chrono::steady_clock::now() < end) {
        timer.expires_after(1ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    CHECK(holds());
}

}  // namespace tests

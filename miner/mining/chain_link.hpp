// The miner's connection to the chain, with whoever asks over it and keeps up with the answers: one
// value, built and run by app. Lives on io.
#pragma once

#include "miner/mining/chain_watch.hpp"
#include "network/chain/rpc.hpp"
#include "network/chain/subtensor.hpp"

namespace miner {

class ChainLink {
public:
    struct Services {
        std::span<Identity> identities;
        Stop& stop;
        Lanes& lanes;
        config::Logger& log;
        const config::Settings& settings;
        std::filesystem::path folder;
        std::vector<Validator> named = {};
        std::function<void(std::shared_ptr<const network::Metagraph>)> subnet = {};
        std::function<void()> first_validators = {};  // see ChainWatch
        std::function<void(Hindrance)> hindered = {};
        std::function<std::chrono::steady_clock::time_point()> now = {};  // empty: the system's
        network::RpcLimits limits = {};  // but for `stale`, which is a setting
        network::Backoff::Settings pauses = ChainWatch::kPauses;
    };

    ChainLink(asio::any_io_executor io, std::vector<network::Endpoint> endpoints,
              Services services);

    ChainWatch& watch() { return watch_; }
    network::Rpc& rpc() { return rpc_; }

    // Until stopping is asked for; then the connection is closed.
    asio::awaitable<void> run();

private:
    asio::awaitable<void> watch_and_stop();
    asio::awaitable<void> stop_when_asked();

    Stop& stop_;
    network::Rpc rpc_;
    network::Subtensor chain_;
    ChainWatch watch_;
};

}  // namespace miner

// Keeps every hotkey's registration and validators as the chain has them: looks each few blocks,
// reads the whole subnet less often, and at once when a validator stopped answering. What was read
// last is kept in the storage folder, so that the next start does not wait for the chain. Lives on
// io.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/mining/hindrance.hpp"
#include "miner/mining/identity.hpp"
#include "miner/runtime/lanes.hpp"
#include "miner/runtime/stop.hpp"
#include "network/chain/subtensor.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace miner {

// Neurons with a validator permit, and the owner; Schedule filters by address and stake. With
// schedule.reference all neurons, as the reference miner walks all. `ours` are left out.
std::vector<Validator> validators_of(const network::Metagraph& metagraph,
                                     const config::Schedule& schedule,
                                     std::span<const network::PublicKey> ours);

class ChainWatch {
public:
    // After looks in a row that a node did not serve. Without jitter, as no random number is drawn.
    static constexpr network::Backoff::Settings kPauses{
        .first = std::chrono::seconds(1), .longest = std::chrono::minutes(1), .jitter = 0};

    struct Services {
        network::Subtensor& chain;
        std::span<Identity> identities;
        Stop& stop;
        Lanes& lanes;
        config::Logger& log;
        const config::Settings& settings;
        std::filesystem::path folder;
        std::vector<Validator> named = {};  // asked besides those on the chain
        // Each metagraph, as it is read.
        std::function<void(std::shared_ptr<const network::Metagraph>)> subnet = {};
        std::function<void()> first_validators = {};  // validators are known from now on
        // Why no hotkey can mine just now, whenever it changes: no validator is known, none can be
        // asked, or the subnet knows no hotkey of ours.
        std::function<void(Hindrance)> hindered = {};
        std::function<std::chrono::steady_clock::time_point()> now = {};  // empty: the system's
        network::Backoff::Settings pauses = kPauses;
    };

    explicit ChainWatch(Services services);

    // What an earlier run read, if there is something: before run(), and before anything is asked.
    // It tells whom to ask, but not who is registered now: validators do, when they are asked.
    void restore();

    // Until stopping is asked for.
    asio::awaitable<void> run();

    // A validator did not answer; perhaps it has moved.
    void validator_failed();

    // What Rpc tells of its connection: said once, and then each hour.
    void connection(const network::RpcNews& news);

    // The subnet as it was seen last; empty: not yet.
    std::shared_ptr<const network::Metagraph> metagraph() const { return metagraph_; }
    // From the chain itself, in this run.
    bool seen_chain() const { return seen_chain_; }

private:
    using Time = std::chrono::steady_clock::time_point;

    // Each longer than an extrinsic is valid, so that no two of them wait to get into a block.
    static constexpr network::Backoff::Settings kAnnouncementPauses{
        .first = std::chrono::minutes(15), .longest = std::chrono::hours(4), .jitter = 0};

    // One hotkey's standing, as far as it was told to the operator, and its axon's.
    struct Standing {
        bool known = false;
        std::optional<Time> warned_missing, warned_unannounced;
        network::Backoff unannounced{kAnnouncementPauses};
        Time announced_after{};  // not before that
    };

    asio::awaitable<void> keep_looking();
    asio::awaitable<config::Result<void>> look();
    asio::awaitable<config::Result<void>> look_closely(network::ChainView view);
    asio::awaitable<bool> until_due();
    asio::awaitable<void> until_requested();
    asio::awaitable<void> keep();
    asio::awaitable<void> keep_announcing();
    asio::awaitable<bool> announce_all(network::AxonEntry entry);
    asio::awaitable<void> announce(std::size_t index, network::AxonEntry entry);
    void take(network::Metagraph metagraph);
    void note_runtime(const network::Runtime& runtime);
    void note_registration(std::size_t index, std::optional<std::uint16_t> uid);
    void note_success();
    void note_failure(const config::Error& error);
    std::chrono::milliseconds pause_after(const config::Error& error, std::uint64_t connection);
    void note_validators(std::size_t asked);
    void note_hindrance();
    Hindrance hindrance() const;
    std::string nobody_to_ask() const;
    bool knows_nobody() const { return !metagraph_ && s_.named.empty(); }
    bool worth_warning(std::optional<Time>& warned) const;
    std::filesystem::path file() const { return s_.folder / "metagraph.bin"; }
    std::string network_name() const;

    Services s_;
    std::vector<Standing> standings_;
    std::shared_ptr<const network::Metagraph> metagraph_;
    bool seen_chain_ = false;
    bool refresh_requested_ = false;
    network::Event refresh_event_;
    bool announcement_due_ = false;  // the subnet was read
    network::Event announcement_event_;
    std::uint64_t looked_at_ = 0;  // block
    network::Backoff unserved_;    // looks in a row
    bool read_since_ = true;       // over the last connection, or there was none yet
    std::uint32_t spec_version_ = 0;
    std::optional<std::size_t> validators_seen_;  // of the last metagraph, those that may be asked
    bool keep_failed_ = false;
    Hindrance last_hindrance_;
    std::string trouble_;  // with the chain, since it was read last
    std::optional<Time> warned_lost_, warned_failure_, warned_nobody_;
};

}  // namespace miner

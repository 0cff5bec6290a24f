// The world around a miner on virtual time: a chain's node and validators on loopback, with all
// that may happen to them. One thread makes all calls; it is the story's.
#pragma once

#include "network/simulator/chain_node.hpp"
#include "network/simulator/validator.hpp"
#include "tests/endure/days_watch.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace endure {

class World {
public:
    using Fault = network::LocalValidator::Fault;

    struct Shape {
        std::string hotkey;  // the miner's
        std::size_t validators = 3;
        int tasks = 100;  // of each, after each of its starts
        std::chrono::milliseconds block{12'000};
        network::ValidatorState::Rules rules{};
    };

    // What an answer is made into. The validator meant it otherwise.
    enum class Lie {
        longer,       // a cool-down of 20 minutes
        for_ever,     // of ten years, which the miner takes for a day
        before,       // one that is over long ago
        year_ahead,   // a clock a year off, in the header Date
        types,        // fields of every wrong type
        unavailable,  // 503
        elsewhere,    // 301
        flood,        // a body larger than the miner takes
        headers,      // thousands of them
        deep,         // brackets in brackets
        count
    };

    World(Shape shape, std::uint32_t seed);

    Watch& watch() { return watch_; }
    std::string chain_url() const;
    std::size_t validators() const { return peers_.size(); }

    // The chain.
    void chain_vanishes();
    void chain_comes_back();
    network::ChainNode& chain() { return *chain_; }  // while it is there
    bool has_chain() const { return chain_ != nullptr; }
    network::ChainNode::Tally tally() const;  // of the chain's nodes, so far

    // Validators, by number.
    void validator_vanishes(std::size_t number);
    void validator_comes_back(std::size_t number);  // with all forgotten
    void validator_moves(std::size_t number);       // and says so on the chain
    void suffer(std::size_t number, std::vector<Fault> faults, int every);
    void lie(std::size_t number, Lie lie);  // of its twisted answers
    void change_rules(std::size_t number, const network::ValidatorState::Rules& rules);

    // The miner's hotkey on the subnet.
    void deregister();
    void reregister();

private:
    struct Peer {
        network::Keypair key;
        std::uint16_t port = 0;
        int starts = 0;
        network::ValidatorState::Rules rules{};
        Lie lie = Lie::longer;
        std::unique_ptr<network::LocalValidator> validator;  // null: it is away
    };

    bool start(std::size_t number);
    void start_chain(std::uint16_t port);
    std::vector<network::LocalNeuron> neurons() const;
    void twist(std::size_t number, network::ServerReply& reply);
    network::Evaluation judge(const network::Task& task);

    Shape shape_;
    Watch watch_;
    std::mt19937 random_;
    bool registered_ = true;
    std::vector<Peer> peers_;
    std::unique_ptr<network::ChainNode> chain_;
    std::uint16_t chain_port_ = 0;
    std::optional<network::ChainState> chain_state_;  // as it was left
    std::chrono::nanoseconds chain_left_{0};
    network::ChainNode::Tally tally_;  // of nodes before this one
};

}  // namespace endure

// The rehearsal's far end: a node of a local chain on loopback that speaks JSON-RPC over WebSocket,
// with a real runtime's metadata. What it knows is ChainState's.
#pragma once

#include "config/result.hpp"
#include "network/chain/endpoint.hpp"
#include "network/simulator/chain_state.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace network {

class ChainNode {
public:
    struct Options {
        std::uint16_t netuid = 17;
        std::uint16_t port = 0;  // 0: any free one
        std::chrono::milliseconds block_time{12'000};
        std::vector<LocalNeuron> neurons;    // by uid
        std::vector<std::uint8_t> metadata;  // of its runtime; empty: see ChainState
    };

    // What it was asked for. Whoever looks at the chain begins with its newest block.
    struct Tally {
        int connections = 0, looks = 0, metadata = 0, metagraphs = 0, registrations = 0,
            extrinsics = 0;
    };

    // Listens at once on 127.0.0.1, on a thread of its own. Fails with the system's errors (port
    // taken).
    static config::Result<std::unique_ptr<ChainNode>> start(Options options);
    virtual ~ChainNode() = default;  // closes all connections and joins

    virtual Endpoint endpoint() const = 0;
    virtual Tally tally() const = 0;          // any thread
    virtual std::uint64_t block() const = 0;  // any thread

    // Faults and changes, from any thread; done when the call returns.
    virtual void change(std::function<void(ChainState&)> how) = 0;
    virtual void disconnect() = 0;    // every client
    virtual void stall(bool on) = 0;  // no new blocks
    virtual void mute(bool on) = 0;   // takes questions, and says nothing any more
    enum class Questions { answered, refused, ignored };
    virtual void take(Questions how) = 0;  // but the one for new blocks, which are shown
    virtual void pool(bool on) = 0;        // takes extrinsics, which get into no block
    virtual ChainState state() const = 0;  // a copy
};

}  // namespace network

// What a miner wants of the chain, asked of whatever node is at hand. Everything is decoded by the
// metadata of the runtime in force at the block that was asked about, so that an upgrade is noticed
// with the next question. Lives on the Rpc's executor; must outlive its calls.
//
// All calls fail as Rpc::call() does, with malformed for an answer that is not what it should be,
// and with not_in_runtime when the chain no longer has what was asked for.
#pragma once

#include "config/result.hpp"
#include "network/chain/axon_address.hpp"
#include "network/chain/extrinsic.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/metagraph.hpp"
#include "network/chain/rpc.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network {

// The rules of the chain until the next upgrade.
struct Runtime {
    std::uint32_t spec_version = 0;
    std::uint32_t transaction_version = 0;
    Metadata metadata;
};

// One block, and the rules at it. All that is asked about one block fits together.
struct ChainView {
    std::string hash;  // 0x...
    std::uint64_t block = 0;
    std::shared_ptr<const Runtime> runtime;
};

// A decoded AxonInfo. Fails with malformed.
config::Result<AxonEntry> axon_entry_of(const Value& info);

class Subtensor {
public:
    explicit Subtensor(Rpc& rpc) : rpc_(rpc) {}

    Rpc& rpc() { return rpc_; }

    // The newest block. Loads the metadata (V15, or V14 from a node that has no other) when the
    // runtime is another one than the last time.
    boost::asio::awaitable<config::Result<ChainView>> now();

    // Everybody on the subnet; nobody when there is no such subnet. By the runtime's functions, or,
    // where the metadata does not describe them (V14, and V15 with answers in plain bytes), from
    // its storage (read_stored_metagraph).
    boost::asio::awaitable<config::Result<Metagraph>> metagraph(ChainView view,
                                                                std::uint16_t netuid,
                                                                bool allow_private);

    // The hotkey's place on the subnet; empty: not registered there.
    boost::asio::awaitable<config::Result<std::optional<std::uint16_t>>> uid(ChainView view,
                                                                             std::uint16_t netuid,
                                                                             PublicKey hotkey);

    // What lies under each of `arguments` in one of the subnet pallet's maps, in their order; empty
    // where nothing does. `item` must outlive the call.
    boost::asio::awaitable<config::Result<std::vector<std::optional<Value>>>> stored(
        ChainView view, std::string_view item, std::vector<std::vector<Value>> arguments);

    // The axon that the hotkey announced; empty: none.
    boost::asio::awaitable<config::Result<std::optional<AxonEntry>>> axon(ChainView view,
                                                                          std::uint16_t netuid,
                                                                          PublicKey hotkey);

    // How many extrinsics the account has signed, those still waiting included.
    boost::asio::awaitable<config::Result<std::uint64_t>> nonce(std::string address);

    boost::asio::awaitable<config::Result<BlockHash>> block_hash(std::uint64_t number);

    // Sends a signed extrinsic and watches it until it is in a block, whose hash is returned.
    // Whether the call did there what it should is another question. Never sent twice. Fails with
    // node_error when the node or the chain refuses it.
    boost::asio::awaitable<config::Result<std::string>> submit(std::vector<std::uint8_t> extrinsic,
                                                               std::chrono::milliseconds limit);

private:
    boost::asio::awaitable<config::Result<std::vector<std::uint8_t>>> state_call(
        std::string hash, std::string method, std::vector<std::uint8_t> arguments);
    boost::asio::awaitable<config::Result<Value>> runtime_call(const ChainView& view,
                                                               std::string method,
                                                               std::vector<Value> arguments);
    boost::asio::awaitable<config::Result<std::optional<Value>>> storage(
        const ChainView& view, std::string_view item, std::vector<Value> arguments);
    boost::asio::awaitable<config::Result<Metadata>> load_metadata(std::string hash);

    Rpc& rpc_;
    std::shared_ptr<const Runtime> runtime_;
};

}  // namespace network

// What a local chain knows, and its answers to a node's questions: a real runtime's recorded
// metadata, and a subnet whose neurons are the ones it is given. Everything is encoded by that
// metadata. No sockets, no clock; lives on one thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/value.hpp"
#include "network/wallet/keypair.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace network {

struct LocalNeuron {
    PublicKey hotkey{};
    std::uint64_t stake_rao = 0;
    bool validator_permit = false;
    std::uint32_t ip = 0;  // IPv4; 0: no axon
    std::uint16_t port = 0;
};

class ChainState {
public:
    static constexpr std::uint32_t kSpecVersion = 343;  // of the recording

    // uids follow the order of the list. `metadata`: of the runtime, as Metadata::parse() takes it;
    // empty: the recorded one. With V14 it answers no runtime calls.
    ChainState(std::uint16_t netuid, std::vector<LocalNeuron> neurons,
               std::vector<std::uint8_t> metadata = {});

    // A node's answer to a method but for subscriptions. Fails with node_error.
    config::Result<boost::json::value> answer(std::string_view method,
                                              const boost::json::array& parameters) const;
    boost::json::object header() const;  // of the newest block

    std::uint64_t block() const { return block_; }
    void next_block() { ++block_; }
    // The newest blocks were of a branch that was given up: as many are to come anew, by other
    // hashes.
    void fork(std::uint64_t blocks);

    // Whether serve_axon changes nothing, as when it comes again within the chain's rate limit.
    void limit_axons(bool on) { axons_are_limited_ = on; }

    // Its uid goes to an unregistered key, and back.
    void deregister(const PublicKey& hotkey);
    void reregister(const PublicKey& hotkey);
    void move(const PublicKey& hotkey, std::uint16_t port);
    // The next runtime: another specVersion, and a field more in each neuron, so that whoever
    // decodes by the old metadata fails.
    void upgrade();

    // The parameters of author_submitExtrinsic: an extrinsic, verified by signature, nonce and era,
    // and carried out if it is serve_axon. Fails with node_error.
    config::Result<void> apply(const boost::json::array& parameters);

    std::uint32_t ip_of(const PublicKey& hotkey) const;
    std::uint16_t port_of(const PublicKey& hotkey) const;

private:
    config::Result<void> apply_bytes(std::span<const std::uint8_t> extrinsic);
    config::Result<boost::json::value> state_call(const boost::json::array& parameters) const;
    std::map<std::string, std::string> storage() const;  // in hexadecimal
    boost::json::value storage_at(const boost::json::array& parameters) const;
    boost::json::value query_storage(const boost::json::array& parameters) const;
    std::array<std::uint8_t, 32> hash_of_block(std::uint64_t number) const;
    PublicKey holder(const LocalNeuron& neuron) const;  // of its uid now
    Value neurons() const;
    Value subnet_state() const;
    LocalNeuron* find(const PublicKey& hotkey);
    const LocalNeuron* find(const PublicKey& hotkey) const;

    std::uint16_t netuid_;
    std::vector<LocalNeuron> neurons_;
    std::map<PublicKey, PublicKey> displaced_;  // hotkey -> the key in its place
    std::map<PublicKey, std::uint64_t> nonces_;
    bool axons_are_limited_ = false;
    std::uint64_t block_ = 1000;
    std::vector<std::uint64_t> forks_;  // the newest block that each left in place
    std::uint32_t spec_version_ = kSpecVersion;
    std::vector<std::uint8_t> raw_metadata_;
    Metadata metadata_;
};

}  // namespace network

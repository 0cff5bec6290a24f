#include "network/simulator/chain_state.hpp"

#include "network/chain/codec.hpp"
#include "network/chain/extrinsic.hpp"
#include "network/chain/runtime_api.hpp"
#include "network/chain/scale.hpp"
#include "network/chain/storage_key.hpp"
#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/simulator/recorded_metadata.hpp"
#include "network/simulator/zero_value.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/ss58.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <algorithm>

namespace network {
namespace {

namespace json = boost::json;
using config::fail;
using config::Result;
using Bytes = std::vector<std::uint8_t>;

constexpr const char* kNeurons = "NeuronInfoRuntimeApi_get_neurons_lite";
constexpr const char* kState = "SubnetInfoRuntimeApi_get_subnet_state";
constexpr const char* kMetadataCall = "Metadata_metadata_at_version";
constexpr std::string_view kPallet = "SubtensorModule";
constexpr std::uint32_t kTransactionVersion = 1;

json::string hex_of(std::span<const std::uint8_t> bytes) {
    return json::string("0x" + to_hex(bytes));
}

Bytes bytes_of(const json::array& parameters, std::size_t index) {
    if (index >= parameters.size() || !parameters[index].is_string()) return {};
    std::string_view text = parameters[index].get_string();
    if (text.starts_with("0x")) text.remove_prefix(2);
    Bytes bytes(text.size() / 2);
    return from_hex(text, bytes) ? bytes : Bytes();
}

Value account(const PublicKey& key) { return Value::Bytes(key.begin(), key.end()); }

void set(Value& record, std::string_view name, Value value) {
    const_cast<Value&>(*record.find(name)) = std::move(value);
}

Result<json::value> unknown(std::string_view what) {
    return fail(Errc::node_error, fmt::format("Method not found: {}", what));
}

}  // namespace

ChainState::ChainState(std::uint16_t netuid, std::vector<LocalNeuron> neurons, Bytes metadata)
    : netuid_(netuid),
      neurons_(std::move(neurons)),
      raw_metadata_(metadata.empty() ? recorded_metadata() : std::move(metadata)),
      metadata_(Metadata::parse(raw_metadata_).value()) {}

void ChainState::fork(std::uint64_t blocks) {
    block_ -= std::min(blocks, block_ - 1);
    forks_.push_back(block_);
}

BlockHash ChainState::hash_of_block(std::uint64_t number) const {
    BlockHash hash{};
    hash[0] = 0xb1;
    hash[1] = std::uint8_t(std::count_if(forks_.begin(), forks_.end(),
                                         [&](std::uint64_t last) { return number > last; }));
    for (int i = 0; i < 8; ++i) hash[std::size_t(31 - i)] = std::uint8_t(number >> (8 * i));
    return hash;
}

json::object ChainState::header() const {
    return {{"number", fmt::format("0x{:x}", block_)},
            {"parentHash", hex_of(hash_of_block(block_ - 1))}};
}

Result<json::value> ChainState::answer(std::string_view method,
                                       const json::array& parameters) const {
    if (method == "chain_getHead") return json::value(hex_of(hash_of_block(block_)));
    if (method == "chain_getHeader") return json::value(header());
    if (method == "chain_getBlockHash") {
        const bool given = !parameters.empty() && parameters[0].is_int64();
        const auto number = given ? std::uint64_t(parameters[0].get_int64()) : block_;
        if (number > block_) return json::value();
        return json::value(hex_of(hash_of_block(number)));
    }
    if (method == "state_getRuntimeVersion") {
        return json::value(json::object{{"specName", "node-subtensor"},
                                        {"specVersion", spec_version_},
                                        {"transactionVersion", kTransactionVersion}});
    }
    if (method == "state_call") return state_call(parameters);
    if (method == "state_getStorage") return storage_at(parameters);
    if (method == "state_queryStorageAt") return query_storage(parameters);
    if (method == "state_getMetadata") return json::value(hex_of(raw_metadata_));
    if (method == "system_accountNextIndex") {
        if (parameters.empty() || !parameters[0].is_string()) return unknown(method);
        const auto key = ss58_decode(std::string_view(parameters[0].get_string()));
        if (!key) return key.error();
        const auto found = nonces_.find(*key);
        return json::value(found == nonces_.end() ? 0 : found->second);
    }
    return unknown(method);
}

Result<json::value> ChainState::state_call(const json::array& parameters) const {
    const auto method = parameters.empty() || !parameters[0].is_string()
                            ? std::string_view()
                            : std::string_view(parameters[0].get_string());
    const auto arguments = bytes_of(parameters, 1);
    if (metadata_.version < 15) return unknown(method);
    if (method == kMetadataCall) {
        if (arguments != Bytes{15, 0, 0, 0}) return json::value("0x00");
        ScaleWriter writer;
        writer.u8(1);
        writer.compact(raw_metadata_.size());
        writer.bytes(raw_metadata_);
        return json::value(hex_of(std::move(writer).written()));
    }
    if (method != kNeurons && method != kState) return unknown(method);
    const bool ours = arguments == Bytes{std::uint8_t(netuid_), std::uint8_t(netuid_ >> 8)};
    const Value nothing = method == kNeurons ? Value(Value::List()) : Value::none();
    const auto* known = metadata_.method(method);
    const auto bytes = encode(metadata_.types, known->output,
                              !ours                ? nothing
                              : method == kNeurons ? neurons()
                                                   : subnet_state());
    if (!bytes) return bytes.error();
    return json::value(hex_of(*bytes));
}

Value ChainState::neurons() const {
    const auto* method = metadata_.method(kNeurons);
    const auto element = std::get<SequenceType>(metadata_.types[method->output].definition).element;
    const Value blank = zero_value(metadata_.types, element);
    Value::List list;
    for (std::size_t uid = 0; uid < neurons_.size(); ++uid) {
        const auto& neuron = neurons_[uid];
        const bool here = !displaced_.contains(neuron.hotkey);
        Value value = blank;
        set(value, "hotkey", account(holder(neuron)));
        set(value, "coldkey", account(holder(neuron)));
        set(value, "uid", std::uint64_t(uid));
        set(value, "netuid", std::uint64_t(netuid_));
        set(value, "active", true);
        set(value, "last_update", block_);
        set(value, "validator_permit", here && neuron.validator_permit);
        if (here && neuron.port != 0) {
            Value axon = *value.find("axon_info");
            set(axon, "ip", Uint128(neuron.ip));
            set(axon, "ip_type", 4u);
            set(axon, "port", std::uint64_t(neuron.port));
            set(value, "axon_info", std::move(axon));
        }
        list.push_back(std::move(value));
    }
    return list;
}

Value ChainState::subnet_state() const {
    const auto* method = metadata_.method(kState);
    const auto& option = std::get<VariantType>(metadata_.types[method->output].definition);
    Value state = zero_value(metadata_.types, option.cases.at(1).fields.at(0).type);
    Value::List hotkeys;
    Value::Numbers stakes;
    for (const auto& neuron : neurons_) {
        hotkeys.push_back(account(holder(neuron)));
        stakes.push_back(displaced_.contains(neuron.hotkey) ? 0 : neuron.stake_rao);
    }
    set(state, "netuid", std::uint64_t(netuid_));
    set(state, "hotkeys", std::move(hotkeys));
    set(state, "total_stake", std::move(stakes));
    return Value::some(std::move(state));
}

// Everything that a miner reads, by key.
std::map<std::string, std::string> ChainState::storage() const {
    std::map<std::string, std::string> all;
    const auto put = [&](std::string_view name, std::vector<Value> place, const Value& value) {
        const auto* item = metadata_.storage(kPallet, name);
        const auto key = storage_key(metadata_, kPallet, name, place).value();
        all["0x" + to_hex(key)] =
            "0x" + to_hex(encode(metadata_.types, item->value, value).value());
    };
    const Value netuid(netuid_);
    put("SubnetworkN", {netuid}, std::uint64_t(neurons_.size()));
    Value::List permits;
    Value::Numbers updates;
    for (std::size_t uid = 0; uid < neurons_.size(); ++uid) {
        const auto& neuron = neurons_[uid];
        const bool here = !displaced_.contains(neuron.hotkey);
        const auto hotkey = account(holder(neuron));
        permits.emplace_back(here && neuron.validator_permit);
        updates.push_back(block_);
        put("Keys", {netuid, std::uint64_t(uid)}, hotkey);
        put("Uids", {netuid, hotkey}, std::uint64_t(uid));
        put("Owner", {hotkey}, hotkey);
        if (!here) continue;
        put("TotalHotkeyAlpha", {hotkey, netuid}, neuron.stake_rao);
        if (neuron.port == 0) continue;
        Value axon = zero_value(metadata_.types, metadata_.storage(kPallet, "Axons")->value);
        set(axon, "ip", Uint128(neuron.ip));
        set(axon, "ip_type", 4u);
        set(axon, "port", std::uint64_t(neuron.port));
        put("Axons", {netuid, hotkey}, axon);
    }
    put("ValidatorPermit", {netuid}, permits);
    put("LastUpdate", {netuid}, updates);
    return all;
}

json::value ChainState::storage_at(const json::array& parameters) const {
    const auto all = storage();
    if (parameters.empty() || !parameters[0].is_string()) return {};
    const auto found = all.find(std::string(parameters[0].get_string()));
    return found == all.end() ? json::value() : json::value(found->second);
}

json::value ChainState::query_storage(const json::array& parameters) const {
    const auto all = storage();
    json::array changes;
    if (!parameters.empty() && parameters[0].is_array()) {
        for (const auto& key : parameters[0].get_array()) {
            if (!key.is_string()) continue;
            const auto found = all.find(std::string(key.get_string()));
            json::array pair;
            pair.push_back(key);
            pair.push_back(found == all.end() ? json::value() : json::value(found->second));
            changes.push_back(std::move(pair));
        }
    }
    json::array sets;
    sets.push_back(json::object{{"block", hex_of(hash_of_block(block_))}, {"changes", changes}});
    return sets;
}

PublicKey ChainState::holder(const LocalNeuron& neuron) const {
    const auto gone = displaced_.find(neuron.hotkey);
    return gone == displaced_.end() ? neuron.hotkey : gone->second;
}

LocalNeuron* ChainState::find(const PublicKey& hotkey) {
    const auto found = std::find_if(neurons_.begin(), neurons_.end(),
                                    [&](const auto& neuron) { return neuron.hotkey == hotkey; });
    return found == neurons_.end() ? nullptr : &*found;
}

const LocalNeuron* ChainState::find(const PublicKey& hotkey) const {
    return const_cast<ChainState*>(this)->find(hotkey);
}

void ChainState::deregister(const PublicKey& hotkey) {
    PublicKey newcomer{};
    const auto digest = blake2b_256(hotkey);
    std::copy(digest.begin(), digest.end(), newcomer.begin());
    displaced_[hotkey] = newcomer;
}

void ChainState::reregister(const PublicKey& hotkey) { displaced_.erase(hotkey); }

void ChainState::move(const PublicKey& hotkey, std::uint16_t port) {
    if (auto* neuron = find(hotkey)) neuron->port = port;
}

void ChainState::upgrade() {
    if (spec_version_++ != kSpecVersion) return;
    raw_metadata_ = upgraded_metadata();
    metadata_ = Metadata::parse(raw_metadata_).value();
}

std::uint32_t ChainState::ip_of(const PublicKey& hotkey) const {
    const auto* neuron = find(hotkey);
    return neuron ? neuron->ip : 0;
}

std::uint16_t ChainState::port_of(const PublicKey& hotkey) const {
    const auto* neuron = find(hotkey);
    return neuron ? neuron->port : 0;
}

Result<void> ChainState::apply(const json::array& parameters) {
    return apply_bytes(bytes_of(parameters, 0));
}

// Format version 4: length, 0x84, address, signature, era, nonce, tip, mode of the metadata hash,
// call.
Result<void> ChainState::apply_bytes(std::span<const std::uint8_t> extrinsic) {
    ScaleReader reader(extrinsic);
    const auto refuse = [](std::string_view why) {
        return fail(Errc::node_error, std::string(why));
    };
    const auto length = reader.compact_u32();
    if (length != reader.remaining() || reader.u8() != 0x84 || reader.u8() != 0) {
        return refuse("Invalid Transaction: format");
    }
    PublicKey signer{};
    Signature signature{};
    const auto key = reader.bytes(32);
    if (reader.u8() != 1) return refuse("Invalid Transaction: signature type");
    const auto signed_with = reader.bytes(64);
    if (!reader.ok()) return refuse("Invalid Transaction: too short");
    std::copy(key.begin(), key.end(), signer.begin());
    std::copy(signed_with.begin(), signed_with.end(), signature.begin());

    const auto extra_at = reader.offset();
    std::uint16_t era = reader.u8();
    if (era != 0) era = std::uint16_t(era | reader.u8() << 8);
    const auto nonce = reader.compact_u32();
    (void)reader.compact_u32();
    (void)reader.u8();
    if (!reader.ok()) return refuse("Invalid Transaction: too short");
    const auto extra = extrinsic.subspan(extra_at, reader.offset() - extra_at);
    const auto call = extrinsic.subspan(reader.offset());

    std::uint64_t birth = 0;
    if (era != 0) {
        const std::uint64_t period = 2ull << (era & 15);
        const std::uint64_t phase = (era >> 4) * std::max<std::uint64_t>(period >> 12, 1);
        birth = (std::max(block_, phase) - phase) / period * period + phase;
    }
    ScaleWriter payload;
    payload.bytes(call);
    payload.bytes(extra);
    payload.u32(spec_version_);
    payload.u32(kTransactionVersion);
    payload.bytes(hash_of_block(0));
    payload.bytes(hash_of_block(birth));
    payload.u8(0);
    auto message = std::move(payload).written();
    if (message.size() > 256) {
        const auto digest = blake2b_256(message);
        message.assign(digest.begin(), digest.end());
    }
    if (!verify(signer, std::span<const std::uint8_t>(message), signature)) {
        return refuse("Invalid Transaction: Transaction has a bad signature");
    }
    if (nonce != nonces_[signer]) return refuse("Invalid Transaction: Transaction is outdated");

    const auto* pallet = metadata_.pallet(kPallet);
    if (call.empty() || call[0] != pallet->index) return refuse("another pallet");
    const auto value = decode(metadata_.types, *pallet->calls, call.subspan(1));
    if (!value) return value.error();
    const auto* variant = value->variant();
    if (!variant || variant->name != "serve_axon") return refuse("another call");
    ++nonces_[signer];
    if (axons_are_limited_) return {};
    if (auto* neuron = find(signer); neuron && !displaced_.contains(signer)) {
        neuron->ip = std::uint32_t(value->find("ip")->u64().value_or(0));
        neuron->port = std::uint16_t(value->find("port")->u64().value_or(0));
    }
    return {};
}

}  // namespace network

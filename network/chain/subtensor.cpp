#include "network/chain/subtensor.hpp"

#include "network/chain/rpc_message.hpp"
#include "network/chain/runtime_api.hpp"
#include "network/chain/storage_key.hpp"
#include "network/chain/stored_metagraph.hpp"
#include "network/errc.hpp"
#include "network/hex.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <algorithm>
#include <limits>
#include <map>

namespace network {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using config::fail;
using config::Result;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kPallet = "SubtensorModule";
constexpr std::uint32_t kMetadataVersion = 15;
constexpr const char* kNeurons = "NeuronInfoRuntimeApi_get_neurons_lite";
constexpr const char* kState = "SubnetInfoRuntimeApi_get_subnet_state";
constexpr std::size_t kKeysAtOnce = 256;

std::string hex_of(std::span<const std::uint8_t> bytes) { return "0x" + to_hex(bytes); }

Result<Bytes> bytes_of(const json::value& value, std::string_view what) {
    const auto* text = value.if_string();
    if (!text || !text->starts_with("0x") || text->size() % 2 != 0) {
        return fail(Errc::malformed, fmt::format("{}: no hexadecimal text", what));
    }
    Bytes bytes(text->size() / 2 - 1);
    if (!from_hex(*text, bytes)) {
        return fail(Errc::malformed, fmt::format("{}: no hexadecimal text", what));
    }
    return bytes;
}

Result<BlockHash> hash_of(const json::value& value) {
    const auto bytes = bytes_of(value, "block hash");
    BlockHash hash{};
    if (!bytes) return bytes.error();
    if (bytes->size() != hash.size()) return fail(Errc::malformed, "block hash: no 32 bytes");
    std::copy(bytes->begin(), bytes->end(), hash.begin());
    return hash;
}

Result<std::uint32_t> version_of(const json::value& versions, std::string_view name) {
    const auto* object = versions.if_object();
    const auto* value = object ? object->if_contains(name) : nullptr;
    if (!value || !value->is_int64() || value->get_int64() < 0 ||
        value->get_int64() > std::numeric_limits<std::uint32_t>::max()) {
        return fail(Errc::malformed, fmt::format("runtime version: no {}", name));
    }
    return std::uint32_t(value->get_int64());
}

// Parameters of a call. Not in braces: g++ 12 destroys those inside co_await twice.
template <class... Values>
json::array with(Values&&... values) {
    json::array array;
    (array.emplace_back(std::forward<Values>(values)), ...);
    return array;
}

// The key of what is stored for one hotkey of one subnet.
std::vector<Value> neuron_key(std::uint16_t netuid, const PublicKey& hotkey) {
    std::vector<Value> key;
    key.emplace_back(netuid);
    key.push_back(Value::Bytes(hotkey.begin(), hotkey.end()));
    return key;
}

// What became of an extrinsic, as author_submitAndWatchExtrinsic tells it.
struct Fate {
    std::string block;    // it is in this one
    std::string refusal;  // it never will be in any
};

Fate fate_of(const json::value& status) {
    if (const auto* word = status.if_string()) {
        if (*word == "invalid" || *word == "dropped") return {{}, std::string(*word)};
        return {};
    }
    const auto* object = status.if_object();
    if (!object) return {{}, "an unknown status"};
    for (const auto* name : {"inBlock", "finalized"}) {
        const auto* hash = object->if_contains(name);
        if (hash && hash->is_string()) return {std::string(hash->get_string()), {}};
    }
    for (const auto* name : {"usurped", "finalityTimeout", "retracted"}) {
        if (object->contains(name)) return {{}, name};
    }
    return {};
}

// The answer of state_queryStorageAt: pairs of key and value, or null where nothing lies.
Result<void> take_changes(const json::value& answer, std::string_view item,
                          std::map<std::string, Bytes>& found) {
    const auto malformed = [&] {
        return fail(Errc::malformed, fmt::format("{}: no list of keys and values", item));
    };
    const auto* sets = answer.if_array();
    if (!sets) return malformed();
    for (const auto& set : *sets) {
        const auto* object = set.if_object();
        const auto* changes = object ? object->if_contains("changes") : nullptr;
        if (!changes || !changes->is_array()) return malformed();
        for (const auto& change : changes->get_array()) {
            const auto* pair = change.if_array();
            if (!pair || pair->size() != 2 || !(*pair)[0].is_string()) return malformed();
            if ((*pair)[1].is_null()) continue;
            auto bytes = bytes_of((*pair)[1], item);
            if (!bytes) return bytes.error();
            found[std::string((*pair)[0].get_string())] = std::move(*bytes);
        }
    }
    return {};
}

}  // namespace

Result<AxonEntry> axon_entry_of(const Value& info) {
    const auto number = [&](std::string_view name) {
        const Value* field = info.find(name);
        return field ? field->u128() : std::nullopt;
    };
    const auto ip = number("ip"), port = number("port"), type = number("ip_type");
    if (!ip || !port || !type) return fail(Errc::malformed, "Axons: no address");
    return AxonEntry{*ip, std::uint64_t(*type), std::uint64_t(*port)};
}

asio::awaitable<Result<ChainView>> Subtensor::now() {
    const auto head = co_await rpc_.call("chain_getHead");
    if (!head) co_return head.error();
    if (const auto hash = hash_of(*head); !hash) co_return hash.error();
    ChainView view;
    view.hash = head->get_string();
    const auto header = co_await rpc_.call("chain_getHeader", with(*head));
    if (!header) co_return header.error();
    const auto number = block_number(*header);
    if (!number) co_return fail(Errc::malformed, "block header: no number");
    view.block = *number;

    const auto versions = co_await rpc_.call("state_getRuntimeVersion", with(*head));
    if (!versions) co_return versions.error();
    const auto spec = version_of(*versions, "specVersion");
    if (!spec) co_return spec.error();
    const auto transaction = version_of(*versions, "transactionVersion");
    if (!transaction) co_return transaction.error();
    if (!runtime_ || runtime_->spec_version != *spec ||
        runtime_->transaction_version != *transaction) {
        auto metadata = co_await load_metadata(view.hash);
        if (!metadata) co_return metadata.error();
        runtime_ =
            std::make_shared<const Runtime>(Runtime{*spec, *transaction, std::move(*metadata)});
    }
    view.runtime = runtime_;
    co_return view;
}

asio::awaitable<Result<Metadata>> Subtensor::load_metadata(std::string hash) {
    Bytes version(4);
    version[0] = kMetadataVersion;
    auto bytes = co_await state_call(hash, "Metadata_metadata_at_version", version);
    if (!bytes && bytes.error().code != Errc::node_error) co_return bytes.error();
    // An Option: one byte of zero is None.
    if (!bytes || bytes->size() < 2) {
        const auto answer = co_await rpc_.call("state_getMetadata", with(hash));
        if (!answer) co_return answer.error();
        bytes = bytes_of(*answer, "metadata");
        if (!bytes) co_return bytes.error();
    }
    co_return Metadata::parse(*bytes);
}

asio::awaitable<Result<Bytes>> Subtensor::state_call(std::string hash, std::string method,
                                                     Bytes arguments) {
    const auto answer = co_await rpc_.call("state_call", with(method, hex_of(arguments), hash));
    if (!answer) co_return answer.error();
    co_return bytes_of(*answer, method);
}

asio::awaitable<Result<Value>> Subtensor::runtime_call(const ChainView& view, std::string method,
                                                       std::vector<Value> arguments) {
    auto encoded = method_arguments(view.runtime->metadata, method, arguments);
    if (!encoded) co_return encoded.error();
    const auto bytes = co_await state_call(view.hash, method, std::move(*encoded));
    if (!bytes) co_return bytes.error();
    co_return method_answer(view.runtime->metadata, method, *bytes);
}

asio::awaitable<Result<std::optional<Value>>> Subtensor::storage(const ChainView& view,
                                                                 std::string_view item,
                                                                 std::vector<Value> arguments) {
    const auto& metadata = view.runtime->metadata;
    const auto key = storage_key(metadata, kPallet, item, arguments);
    if (!key) co_return key.error();
    const auto answer = co_await rpc_.call("state_getStorage", with(hex_of(*key), view.hash));
    if (!answer) co_return answer.error();
    if (answer->is_null()) co_return storage_value(metadata, kPallet, item, std::nullopt);
    const auto bytes = bytes_of(*answer, item);
    if (!bytes) co_return bytes.error();
    co_return storage_value(metadata, kPallet, item, std::span<const std::uint8_t>(*bytes));
}

asio::awaitable<Result<Metagraph>> Subtensor::metagraph(ChainView view, std::uint16_t netuid,
                                                        bool allow_private) {
    const auto& metadata = view.runtime->metadata;
    if (!describes_answer(metadata, kNeurons) || !describes_answer(metadata, kState))
        co_return co_await read_stored_metagraph(*this, view, netuid, allow_private);
    std::vector<Value> arguments;
    arguments.emplace_back(netuid);
    const auto neurons = co_await runtime_call(view, kNeurons, arguments);
    if (!neurons) co_return neurons.error();
    const auto state = co_await runtime_call(view, kState, arguments);
    if (!state) co_return state.error();
    const Metagraph::Place place{netuid, view.block, allow_private};
    co_return Metagraph::make(place, *neurons, *state);
}

asio::awaitable<Result<std::vector<std::optional<Value>>>> Subtensor::stored(
    ChainView view, std::string_view item, std::vector<std::vector<Value>> arguments) {
    const auto& metadata = view.runtime->metadata;
    std::vector<std::string> keys;
    for (const auto& one : arguments) {
        const auto key = storage_key(metadata, kPallet, item, one);
        if (!key) co_return key.error();
        keys.push_back(hex_of(*key));
    }
    std::map<std::string, Bytes> found;
    for (std::size_t first = 0; first < keys.size(); first += kKeysAtOnce) {
        json::array batch;
        for (std::size_t i = first; i < std::min(first + kKeysAtOnce, keys.size()); ++i)
            batch.emplace_back(keys[i]);
        const auto answer =
            co_await rpc_.call("state_queryStorageAt", with(std::move(batch), view.hash));
        if (!answer) co_return answer.error();
        if (auto taken = take_changes(*answer, item, found); !taken) co_return taken.error();
    }
    std::vector<std::optional<Value>> values;
    for (const auto& key : keys) {
        const auto bytes = found.find(key);
        auto value = storage_value(
            metadata, kPallet, item,
            bytes == found.end() ? std::nullopt
                                 : std::optional<std::span<const std::uint8_t>>(bytes->second));
        if (!value) co_return value.error();
        values.push_back(std::move(*value));
    }
    co_return values;
}

asio::awaitable<Result<std::optional<std::uint16_t>>> Subtensor::uid(ChainView view,
                                                                     std::uint16_t netuid,
                                                                     PublicKey hotkey) {
    auto arguments = neuron_key(netuid, hotkey);
    const auto value = co_await storage(view, "Uids", std::move(arguments));
    if (!value) co_return value.error();
    if (!*value) co_return std::optional<std::uint16_t>();
    const auto number = (*value)->u64();
    if (!number || *number > std::numeric_limits<std::uint16_t>::max()) {
        co_return fail(Errc::malformed, "Uids: no uid");
    }
    co_return std::optional<std::uint16_t>(std::uint16_t(*number));
}

asio::awaitable<Result<std::optional<AxonEntry>>> Subtensor::axon(ChainView view,
                                                                  std::uint16_t netuid,
                                                                  PublicKey hotkey) {
    auto arguments = neuron_key(netuid, hotkey);
    const auto value = co_await storage(view, "Axons", std::move(arguments));
    if (!value) co_return value.error();
    if (!*value) co_return std::optional<AxonEntry>();
    const auto entry = axon_entry_of(**value);
    if (!entry) co_return entry.error();
    co_return std::optional(*entry);
}

asio::awaitable<Result<std::uint64_t>> Subtensor::nonce(std::string address) {
    const auto answer = co_await rpc_.call("system_accountNextIndex", with(address));
    if (!answer) co_return answer.error();
    if (!answer->is_int64() || answer->get_int64() < 0) {
        co_return fail(Errc::malformed, "account nonce: no number");
    }
    co_return std::uint64_t(answer->get_int64());
}

asio::awaitable<Result<BlockHash>> Subtensor::block_hash(std::uint64_t number) {
    const auto answer = co_await rpc_.call("chain_getBlockHash", with(number));
    if (!answer) co_return answer.error();
    co_return hash_of(*answer);
}

asio::awaitable<Result<std::string>> Subtensor::submit(Bytes extrinsic,
                                                       std::chrono::milliseconds limit) {
    Fate fate;
    const auto watched = co_await rpc_.watch(
        "author_submitAndWatchExtrinsic", with(hex_of(extrinsic)), "author_unwatchExtrinsic",
        [&fate](const json::value& status) {
            fate = fate_of(status);
            return !fate.block.empty() || !fate.refusal.empty();
        },
        limit);
    if (!watched) co_return watched.error();
    if (fate.block.empty()) co_return fail(Errc::node_error, "the extrinsic: " + fate.refusal);
    co_return fate.block;
}

}  // namespace network

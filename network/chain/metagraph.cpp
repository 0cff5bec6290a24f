#include "network/chain/metagraph.hpp"

#include "network/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

namespace network {
namespace {

// Reads fields by name; the first failure is kept.
class Fields {
public:
    const Value* get(const Value& record, std::string_view name) {
        const Value* value = record.find(name);
        if (!value) fail(name, "is missing");
        return value;
    }

    std::uint64_t number(const Value& record, std::string_view name,
                         std::uint64_t largest = std::numeric_limits<std::uint64_t>::max()) {
        const auto wide = wide_number(record, name);
        if (wide > largest) fail(name, "is too large");
        return ok() ? std::uint64_t(wide) : 0;
    }

    Uint128 wide_number(const Value& record, std::string_view name) {
        const Value* value = get(record, name);
        const auto number = value ? value->u128() : std::nullopt;
        if (value && !number) fail(name, "is no number");
        return number.value_or(0);
    }

    bool boolean(const Value& record, std::string_view name) {
        const Value* value = get(record, name);
        const auto truth = value ? value->boolean() : std::nullopt;
        if (value && !truth) fail(name, "is no truth value");
        return truth.value_or(false);
    }

    PublicKey key(const Value& record, std::string_view name) {
        const Value* value = get(record, name);
        return value ? to_key(*value, name) : PublicKey{};
    }

    PublicKey to_key(const Value& value, std::string_view name) {
        PublicKey key{};
        const Value::Bytes* bytes = value.bytes();
        if (bytes && bytes->size() == key.size()) {
            std::copy(bytes->begin(), bytes->end(), key.begin());
        } else {
            fail(name, "is no public key");
        }
        return key;
    }

    const Value::List* list(const Value& record, std::string_view name) {
        const Value* value = get(record, name);
        const Value::List* list = value ? value->list() : nullptr;
        if (value && !list) fail(name, "is no list");
        return list;
    }

    const Value::Numbers* numbers(const Value& record, std::string_view name) {
        const Value* value = get(record, name);
        const Value::Numbers* numbers = value ? value->numbers() : nullptr;
        if (value && !numbers) fail(name, "is no list of numbers");
        return numbers;
    }

    void fail(std::string_view name, std::string_view why) {
        if (ok()) problem_ = fmt::format("{} {}", name, why);
    }

    bool ok() const { return problem_.empty(); }
    config::Error error(std::string_view where) const {
        return config::fail(Errc::malformed, fmt::format("{}: {}", where, problem_));
    }

private:
    std::string problem_;
};

// total_stake of the subnet's state, by hotkey.
std::map<PublicKey, std::uint64_t> stakes_of(const Value& state, Fields& fields) {
    std::map<PublicKey, std::uint64_t> stakes;
    const Value* some = state.some();
    if (!some) {
        const Value::Variant* choice = state.variant();
        if (!choice || choice->name != "None") fields.fail("the answer", "is no Option");
        return stakes;  // of a subnet that does not exist
    }
    const Value::List* hotkeys = fields.list(*some, "hotkeys");
    const Value::Numbers* totals = fields.numbers(*some, "total_stake");
    if (!fields.ok()) return stakes;
    if (hotkeys->size() != totals->size()) {
        fields.fail("total_stake", "has another length than hotkeys");
        return stakes;
    }
    for (std::size_t i = 0; i < hotkeys->size() && fields.ok(); ++i) {
        // In the order of uids, which is the order of keys only by chance.
        stakes.emplace(fields.to_key((*hotkeys)[i], "hotkeys"), (*totals)[i]);
    }
    return stakes;
}

Neuron neuron_of(const Value& value, bool allow_private, Fields& fields) {
    Neuron neuron;
    neuron.uid =
        std::uint16_t(fields.number(value, "uid", std::numeric_limits<std::uint16_t>::max()));
    neuron.hotkey = fields.key(value, "hotkey");
    neuron.coldkey = fields.key(value, "coldkey");
    neuron.validator_permit = fields.boolean(value, "validator_permit");
    neuron.last_update = fields.number(value, "last_update");
    if (const Value* axon = fields.get(value, "axon_info")) {
        neuron.axon = axon_address({.ip = fields.wide_number(*axon, "ip"),
                                    .ip_type = fields.number(*axon, "ip_type"),
                                    .port = fields.number(*axon, "port")},
                                   allow_private);
    }
    return neuron;
}

bool by_uid(const Neuron& left, const Neuron& right) { return left.uid < right.uid; }

}  // namespace

config::Result<Metagraph> Metagraph::make(const Place& place, const Value& neurons,
                                          const Value& state) {
    const Value::List* list = neurons.list();
    if (!list) return config::fail(Errc::malformed, "neurons: no list");
    Fields fields;
    const auto stakes = stakes_of(state, fields);
    if (!fields.ok()) return fields.error("subnet state");

    std::vector<Neuron> all;
    all.reserve(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
        Neuron neuron = neuron_of((*list)[i], place.allow_private, fields);
        if (!fields.ok()) return fields.error(fmt::format("neuron {}", i));
        const auto stake = stakes.find(neuron.hotkey);
        if (stake != stakes.end()) neuron.stake_rao = stake->second;
        all.push_back(std::move(neuron));
    }
    return of(place, std::move(all));
}

config::Result<Metagraph> Metagraph::of(const Place& place, std::vector<Neuron> neurons) {
    Metagraph metagraph;
    metagraph.place_ = place;
    metagraph.neurons_ = std::move(neurons);
    auto& all = metagraph.neurons_;
    std::sort(all.begin(), all.end(), by_uid);
    const auto twice = std::adjacent_find(
        all.begin(), all.end(), [](const auto& a, const auto& b) { return a.uid == b.uid; });
    if (twice != all.end()) {
        return config::fail(Errc::malformed, fmt::format("neurons: uid {} twice", twice->uid));
    }
    return metagraph;
}

const Neuron* Metagraph::find(std::uint16_t uid) const {
    Neuron wanted;
    wanted.uid = uid;
    const auto found = std::lower_bound(neurons_.begin(), neurons_.end(), wanted, by_uid);
    return found != neurons_.end() && found->uid == uid ? &*found : nullptr;
}

const Neuron* Metagraph::find(const PublicKey& hotkey) const {
    const auto found = std::find_if(neurons_.begin(), neurons_.end(),
                                    [&](const Neuron& neuron) { return neuron.hotkey == hotkey; });
    return found != neurons_.end() ? &*found : nullptr;
}

}  // namespace network

#include "network/chain/stored_metagraph.hpp"

#include "network/chain/stake.hpp"
#include "network/errc.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace network {
namespace {

namespace asio = boost::asio;
using config::fail;
using config::Result;
using Values = std::vector<std::optional<Value>>;
using Arguments = std::vector<std::vector<Value>>;

constexpr std::uint16_t kRoot = 0;  // netuid
constexpr std::size_t kMostRelations = 10'000;

Value account(const PublicKey& key) { return Value::Bytes(key.begin(), key.end()); }

Result<PublicKey> key_of(const Value& value, const char* item) {
    PublicKey key{};
    const auto* bytes = value.bytes();
    if (!bytes || bytes->size() != key.size())
        return fail(Errc::malformed, std::string(item) + ": no public key");
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return key;
}

Result<std::uint64_t> number_of(const std::optional<Value>& value, const char* item) {
    const auto number = value ? value->u64() : std::nullopt;
    if (!number) return fail(Errc::malformed, std::string(item) + ": no number");
    return *number;
}

// Who lends to a hotkey, or whom it lends to: (proportion, hotkey) each.
struct Relation {
    std::uint64_t proportion = 0;
    PublicKey hotkey{};
};

Result<std::vector<Relation>> relations_of(const std::optional<Value>& value, const char* item) {
    const auto* list = value ? value->list() : nullptr;
    if (!list || list->size() > kMostRelations)
        return fail(Errc::malformed, std::string(item) + ": no list of hotkeys");
    std::vector<Relation> relations;
    for (const auto& entry : *list) {
        const auto* pair = entry.list();
        const auto proportion =
            pair && pair->size() == 2 ? pair->front().u64() : std::optional<std::uint64_t>();
        if (!proportion) return fail(Errc::malformed, std::string(item) + ": no proportion");
        const auto hotkey = key_of(pair->back(), item);
        if (!hotkey) return hotkey.error();
        relations.push_back({*proportion, *hotkey});
    }
    return relations;
}

// Reads one subnet at one block, map by map.
class Reader {
public:
    Reader(Subtensor& chain, ChainView view, std::uint16_t netuid, bool allow_private)
        : chain_(chain), view_(std::move(view)), netuid_(netuid), allow_private_(allow_private) {}

    asio::awaitable<Result<Metagraph>> read() {
        if (auto done = co_await read_keys(); !done) co_return done.error();
        if (auto done = co_await read_columns(); !done) co_return done.error();
        if (auto done = co_await read_addresses(); !done) co_return done.error();
        if (auto done = co_await read_stakes(); !done) co_return done.error();
        const Metagraph::Place place{netuid_, view_.block, allow_private_};
        co_return Metagraph::of(place, std::move(neurons_));
    }

private:
    // Of a map with one entry for the subnet.
    asio::awaitable<Result<std::optional<Value>>> of_subnet(std::string_view item) {
        Arguments arguments(1);
        arguments[0].emplace_back(netuid_);
        auto values = co_await chain_.stored(view_, item, std::move(arguments));
        if (!values) co_return values.error();
        co_return std::move(values->front());
    }

    asio::awaitable<Result<void>> read_keys() {
        const auto size = co_await of_subnet("SubnetworkN");
        if (!size) co_return size.error();
        const auto count = number_of(*size, "SubnetworkN");
        if (!count) co_return count.error();
        if (*count > 65'536) co_return fail(Errc::malformed, "SubnetworkN: too many");
        Arguments arguments(*count);
        for (std::size_t uid = 0; uid < arguments.size(); ++uid) {
            arguments[uid].emplace_back(netuid_);
            arguments[uid].emplace_back(std::uint64_t(uid));
        }
        const auto keys = co_await chain_.stored(view_, "Keys", std::move(arguments));
        if (!keys) co_return keys.error();
        for (std::size_t uid = 0; uid < keys->size(); ++uid) {
            if (!(*keys)[uid]) continue;
            const auto hotkey = key_of(*(*keys)[uid], "Keys");
            if (!hotkey) co_return hotkey.error();
            if (*hotkey == PublicKey{}) continue;  // what the map gives for nobody
            Neuron neuron;
            neuron.uid = std::uint16_t(uid);
            neuron.hotkey = *hotkey;
            neurons_.push_back(std::move(neuron));
        }
        co_return Result<void>();
    }

    // Maps that have a list for the subnet, a uid a place.
    asio::awaitable<Result<void>> read_columns() {
        const auto permits = co_await of_subnet("ValidatorPermit");
        if (!permits) co_return permits.error();
        const auto updates = co_await of_subnet("LastUpdate");
        if (!updates) co_return updates.error();
        const auto* permit = *permits ? (*permits)->list() : nullptr;
        if (!permit) co_return fail(Errc::malformed, "ValidatorPermit: no list");
        const auto* update = *updates ? (*updates)->numbers() : nullptr;
        if (!update) co_return fail(Errc::malformed, "LastUpdate: no list of numbers");
        for (auto& neuron : neurons_) {
            if (neuron.uid < permit->size())
                neuron.validator_permit = (*permit)[neuron.uid].boolean().value_or(false);
            if (neuron.uid < update->size()) neuron.last_update = (*update)[neuron.uid];
        }
        co_return Result<void>();
    }

    asio::awaitable<Result<void>> read_addresses() {
        Arguments places, hotkeys;
        for (const auto& neuron : neurons_) {
            places.push_back({});
            places.back().emplace_back(netuid_);
            places.back().push_back(account(neuron.hotkey));
            hotkeys.push_back({});
            hotkeys.back().push_back(account(neuron.hotkey));
        }
        const auto axons = co_await chain_.stored(view_, "Axons", std::move(places));
        if (!axons) co_return axons.error();
        const auto owners = co_await chain_.stored(view_, "Owner", std::move(hotkeys));
        if (!owners) co_return owners.error();
        for (std::size_t i = 0; i < neurons_.size(); ++i) {
            if ((*axons)[i]) {
                const auto entry = axon_entry_of(*(*axons)[i]);
                if (!entry) co_return entry.error();
                neurons_[i].axon = axon_address(*entry, allow_private_);
            }
            if (!(*owners)[i]) continue;
            const auto coldkey = key_of(*(*owners)[i], "Owner");
            if (!coldkey) co_return coldkey.error();
            neurons_[i].coldkey = *coldkey;
        }
        co_return Result<void>();
    }

    asio::awaitable<Result<void>> read_stakes() {
        std::vector<Neuron*> validators;
        std::set<PublicKey> holders;
        Arguments places;
        for (auto& neuron : neurons_) {
            if (!neuron.validator_permit) continue;
            validators.push_back(&neuron);
            holders.insert(neuron.hotkey);
            places.push_back({});
            places.back().push_back(account(neuron.hotkey));
            places.back().emplace_back(netuid_);
        }
        const auto children = co_await relations("ChildKeys", places);
        if (!children) co_return children.error();
        const auto parents = co_await relations("ParentKeys", places);
        if (!parents) co_return parents.error();
        for (const auto& list : *parents)
            for (const auto& parent : list) holders.insert(parent.hotkey);
        if (auto done = co_await read_holdings(std::move(holders)); !done) co_return done.error();
        Arguments nothing(1);
        const auto weights = co_await chain_.stored(view_, "TaoWeight", std::move(nothing));
        if (!weights) co_return weights.error();
        const auto weight = number_of(weights->front(), "TaoWeight");
        if (!weight) co_return weight.error();
        for (std::size_t i = 0; i < validators.size(); ++i) {
            std::vector<std::uint64_t> lent;
            for (const auto& child : (*children)[i]) lent.push_back(child.proportion);
            std::vector<Lender> lenders;
            for (const auto& parent : (*parents)[i])
                lenders.push_back({parent.proportion, holdings_[parent.hotkey]});
            validators[i]->stake_rao =
                total_stake(holdings_[validators[i]->hotkey], lent, lenders, *weight);
        }
        co_return Result<void>();
    }

    asio::awaitable<Result<std::vector<std::vector<Relation>>>> relations(const char* item,
                                                                          Arguments places) {
        const auto values = co_await chain_.stored(view_, item, std::move(places));
        if (!values) co_return values.error();
        std::vector<std::vector<Relation>> all;
        for (const auto& value : *values) {
            auto list = relations_of(value, item);
            if (!list) co_return list.error();
            all.push_back(std::move(*list));
        }
        co_return all;
    }

    asio::awaitable<Result<void>> read_holdings(std::set<PublicKey> holders) {
        Arguments places;
        for (const auto& holder : holders) {
            for (const auto netuid : {netuid_, kRoot}) {
                places.push_back({});
                places.back().push_back(account(holder));
                places.back().emplace_back(netuid);
            }
        }
        const auto values = co_await chain_.stored(view_, "TotalHotkeyAlpha", std::move(places));
        if (!values) co_return values.error();
        std::size_t at = 0;
        for (const auto& holder : holders) {
            const auto alpha = number_of((*values)[at++], "TotalHotkeyAlpha");
            if (!alpha) co_return alpha.error();
            const auto root = number_of((*values)[at++], "TotalHotkeyAlpha");
            if (!root) co_return root.error();
            holdings_[holder] = {*alpha, *root};
        }
        co_return Result<void>();
    }

    Subtensor& chain_;
    ChainView view_;
    std::uint16_t netuid_;
    bool allow_private_;
    std::vector<Neuron> neurons_;
    std::map<PublicKey, Holding> holdings_;
};

}  // namespace

asio::awaitable<Result<Metagraph>> read_stored_metagraph(Subtensor& chain, ChainView view,
                                                         std::uint16_t netuid, bool allow_private) {
    Reader reader(chain, std::move(view), netuid, allow_private);
    co_return co_await reader.read();
}

}  // namespace network

#include "miner/mining/named_validators.hpp"

#include <algorithm>
#include <limits>

namespace miner {

config::Result<NamedValidators> named_validators(const std::vector<std::string>& setting) {
    NamedValidators named;
    for (std::string_view text : setting) {
        if (text.starts_with('+')) {
            named.besides = true;
            text.remove_prefix(1);
        }
        auto peer = network::parse_peer(text);
        if (!peer) return peer.error();
        const int uid = -1 - int(named.list.size());
        named.list.push_back(
            {uid, std::move(*peer), std::numeric_limits<double>::infinity(), true});
    }
    return named;
}

std::vector<Validator> joined(std::vector<Validator> chain, const std::vector<Validator>& named) {
    std::erase_if(chain, [&](const Validator& validator) {
        return std::any_of(named.begin(), named.end(), [&](const Validator& other) {
            return other.peer.hotkey == validator.peer.hotkey;
        });
    });
    chain.insert(chain.end(), named.begin(), named.end());
    return chain;
}

}  // namespace miner

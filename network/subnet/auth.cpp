#include "network/subnet/auth.hpp"

#include "network/subnet/btauth.hpp"

namespace network {

std::string_view name(AuthFault fault) {
    switch (fault) {
        case AuthFault::malformed:
            return "malformed";
        case AuthFault::wrong_receiver:
            return "wrong receiver";
        case AuthFault::stale:
            return "stale";
        case AuthFault::bad_signature:
            return "bad signature";
        case AuthFault::replayed:
            return "replayed";
        case AuthFault::not_allowed:
            return "not allowed";
        case AuthFault::busy:
            return "busy";
    }
    return "";
}

unsigned AuthRefusal::status() const {
    switch (fault) {
        case AuthFault::not_allowed:
            return 403;
        case AuthFault::busy:
            return 429;
        default:
            return 401;
    }
}

std::string_view claimed_hotkey(const HttpHeaders& headers) {
    if (is_btauth(headers)) return find_header(headers, "X-Bittensor-Hotkey").value_or("");
    return find_header(headers, "bt_header_dendrite_hotkey").value_or("");
}

std::optional<std::int64_t> SeenNonces::find(const std::string& key, std::int64_t now_ns) {
    expire(now_ns);
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return std::nullopt;
    return entry->second.nonce;
}

bool SeenNonces::has_room(const std::string& hotkey, std::int64_t now_ns) {
    expire(now_ns);
    const auto count = counts_.find(hotkey);
    return entries_.size() < limits_.all &&
           (count == counts_.end() || count->second < limits_.each);
}

void SeenNonces::remember(const std::string& key, const std::string& hotkey, std::int64_t nonce,
                          std::int64_t until_ns) {
    erase(key);
    entries_.emplace(key, Entry{hotkey, nonce, until_ns});
    by_end_.emplace(until_ns, key);
    ++counts_[hotkey];
}

void SeenNonces::expire(std::int64_t now_ns) {
    while (!by_end_.empty() && by_end_.begin()->first < now_ns) {
        const auto key = by_end_.begin()->second;
        erase(key);
    }
}

void SeenNonces::erase(const std::string& key) {
    const auto entry = entries_.find(key);
    if (entry == entries_.end()) return;
    auto [first, last] = by_end_.equal_range(entry->second.until_ns);
    while (first != last && first->second != key) ++first;
    if (first != last) by_end_.erase(first);
    const auto count = counts_.find(entry->second.hotkey);
    if (--count->second == 0) counts_.erase(count);
    entries_.erase(entry);
}

}  // namespace network

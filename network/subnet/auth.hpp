// What both generations of signed requests have in common: why one is refused, and the memory of
// nonces.
#pragma once

#include "network/http/message.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace network {

// A value per thing that the sender would mend differently.
enum class AuthFault {
    malformed,       // a header missing, twice, or not of its form
    wrong_receiver,  // signed for another hotkey, or for nobody
    stale,           // signed too long ago, in the future, or before we started
    bad_signature,   // does not hold
    replayed,        // seen before
    not_allowed,     // signed by whom we do not serve
    busy,            // too many requests at once, from this hotkey or from all
};

std::string_view name(AuthFault fault);

struct AuthRefusal {
    AuthFault fault = AuthFault::malformed;
    std::string why;

    unsigned status() const;  // 401, 403 (not_allowed) or 429 (busy)
};

// Whom a request says that it is from, in headers of either generation; empty: it does not. Where
// both are, those of btauth count.
std::string_view claimed_hotkey(const HttpHeaders& headers);

// Nonces that were accepted, as long as they could be accepted again. Bounded: what does not fit is
// refused, never forgotten early. Written only once a signature held, so that the unauthorised
// cannot fill it. Not thread-safe.
class SeenNonces {
public:
    struct Limits {
        std::size_t all = 100'000;
        std::size_t each = 1'000;  // of one hotkey, so that none crowds the others out
    };

    explicit SeenNonces(Limits limits) : limits_(limits) {}

    // The nonce under this key; nothing once it is past `until_ns`.
    std::optional<std::int64_t> find(const std::string& key, std::int64_t now_ns);
    // False when there is no room for one more of this hotkey's.
    bool has_room(const std::string& hotkey, std::int64_t now_ns);
    // Replaces the nonce under this key, if any.
    void remember(const std::string& key, const std::string& hotkey, std::int64_t nonce,
                  std::int64_t until_ns);

    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string hotkey;
        std::int64_t nonce = 0, until_ns = 0;
    };

    void expire(std::int64_t now_ns);
    void erase(const std::string& key);

    Limits limits_;
    std::unordered_map<std::string, Entry> entries_;
    std::multimap<std::int64_t, std::string> by_end_;      // keys by until_ns
    std::unordered_map<std::string, std::size_t> counts_;  // by hotkey
};

}  // namespace network

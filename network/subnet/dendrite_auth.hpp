// Requests signed as the SDK of 2025 does it (bittensor 9.9.0, tests/vectors/dendrite.json). The
// signature covers nonce, hotkeys, uuid and the hash of whatever fields the synapse lists, which
// for SN17 are none. Pure: no sockets, no clock, no memory.
#pragma once

#include "network/subnet/auth.hpp"
#include "network/wallet/keypair.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace network {

// SHA3-256 of nothing, in hex: computed_body_hash of every SN17 synapse.
const std::string& empty_body_hash();

// What the headers say; views into them.
struct DendriteHead {
    std::optional<double> timeout_s;
    std::optional<std::int64_t> nonce, version;
    std::optional<std::string_view> hotkey, uuid, signature, hash;
    bool sound = true;  // false: a number is none

    explicit DendriteHead(const HttpHeaders& headers);

    // HOTKEY:UUID, which nonces belong to.
    std::string caller() const;
};

// True when a request has headers of this generation at all.
bool is_dendrite(const HttpHeaders& headers);

struct DendriteRules {
    std::chrono::nanoseconds window = std::chrono::seconds(4);  // and the caller's timeout
    // The real axon knows neither limit: a nonce from the future, or with a timeout of years, could
    // be sent again after a restart.
    std::optional<std::chrono::nanoseconds> ahead;
    std::optional<std::chrono::nanoseconds> longest_timeout;
    bool old_versions_too = true;  // false: callers before 7.2 may send nonces of any age
};

// In the order and the words of the SDK's default_verify; nothing when the request is good.
// `receiver`: our address. `last`: the nonce accepted last from this caller. Refuses a request
// without a signature, where the real axon skips the check.
std::optional<AuthRefusal> check_dendrite(const DendriteHead& head, const std::string& receiver,
                                          std::optional<std::int64_t> last, std::int64_t now_ns,
                                          const DendriteRules& rules);

}  // namespace network

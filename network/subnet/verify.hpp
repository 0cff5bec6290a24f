// The server side of signed requests, both generations: who sends this, and may they? Holds the
// nonces it has seen; no sockets and no clock. Not thread-safe: belongs to the lane of its server.
//
// A replay after a restart is refused too: what an earlier run accepted was signed before it ended
// plus `ahead`, so nothing signed before `floor_ns` is taken.
#pragma once

#include "network/subnet/auth.hpp"
#include "network/wallet/keypair.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>

namespace network {

struct Caller {
    enum class Protocol { btauth, dendrite };

    std::string hotkey;  // ss58
    PublicKey key{};
    Scheme scheme = Scheme::sr25519;
    Protocol protocol = Protocol::btauth;
    std::int64_t nonce_ns = 0;
};

class Verifier {
public:
    // Of a hotkey in the metagraph.
    struct Standing {
        bool permit = false;  // of a validator
        double stake = 0;     // TAO
    };

    struct Options {
        std::string receiver;  // our address
        std::chrono::nanoseconds max_age = std::chrono::seconds(10);
        std::chrono::nanoseconds ahead = std::chrono::seconds(2);
        // The older headers announce how long their call may take, which makes them older.
        std::chrono::nanoseconds longest_timeout = std::chrono::seconds(300);
        bool allow_unbound = false;  // requests that name no receiver
        bool allow_dendrite = true;  // whose signatures do not cover the body
        // Nonces up to this one are refused. Give start_floor() of the start, or of the newest
        // nonce of an earlier run if the clock may have stepped back since.
        std::int64_t floor_ns = 0;
        SeenNonces::Limits nonces = {};

        std::set<std::string> deny;   // beats everything below
        std::set<std::string> allow;  // served whatever their standing
        // Empty: everybody is served. A hotkey without standing is served only by `allow`.
        std::function<std::optional<Standing>(const std::string& hotkey)> standing = {};
        bool need_permit = true;  // where there are standings
        double min_stake = 0;     // as above
        // What computed_body_hash must be; empty: the hash of nothing.
        std::function<std::string(const ServerRequest&)> body_hash = {};
    };

    explicit Verifier(Options options);

    // The floor of a server that starts at `now_ns`: what comes in its first moments may be
    // refused.
    static std::int64_t start_floor(std::int64_t now_ns, std::chrono::nanoseconds ahead);

    // By the header alone, before a body is let in: is this signed at all, and in the name of
    // somebody who is served? verify() then proves the name.
    std::optional<AuthRefusal> screen(const ServerRequest& request) const;

    // Cheap checks first, the signature last but for the replay; a refusal leaves no trace.
    std::variant<Caller, AuthRefusal> verify(const ServerRequest& request, std::int64_t now_ns);

    // Of all accepted, for whoever keeps it beyond this process; 0: none yet.
    std::int64_t newest_nonce_ns() const { return newest_ns_; }

private:
    std::variant<Caller, AuthRefusal> verify_btauth(const ServerRequest& request,
                                                    std::int64_t now_ns);
    std::variant<Caller, AuthRefusal> verify_dendrite(const ServerRequest& request,
                                                      std::int64_t now_ns);
    std::optional<AuthRefusal> refuse_unauthorised(const std::string& hotkey) const;
    void accept(const Caller& caller, const std::string& seen_key, std::int64_t until_ns);

    Options options_;
    SeenNonces seen_;
    std::int64_t newest_ns_ = 0;
};

}  // namespace network

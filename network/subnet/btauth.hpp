// btauth/1: HTTP requests signed by a hotkey, as the SDK of 2026 has them (the signature covers the
// body; tests/vectors/btauth.json). Pure: no sockets, no clock, no memory.
#pragma once

#include "network/subnet/auth.hpp"
#include "network/wallet/keypair.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace network {

// What is signed: the scheme's name, method in upper case, target as sent (path and query), SHA-256
// of the raw body, nonce, sender, and receiver or "-", a line each.
std::string btauth_text(Scheme scheme, std::string_view method, std::string_view target,
                        std::string_view body, std::string_view nonce, std::string_view sender,
                        std::string_view receiver);

// The headers of a request that `key` signs for `receiver` (ss58; empty: for whoever gets it).
// `nonce_ns`: Unix time in nanoseconds, never the same twice.
HttpHeaders btauth_headers(const Keypair& key, std::string_view receiver, std::string_view method,
                           std::string_view target, std::string_view body, std::int64_t nonce_ns);

struct BtauthHead {
    std::string hotkey;  // an ss58 address
    PublicKey key{};
    Scheme scheme = Scheme::sr25519;
    std::string receiver;       // empty: for whoever gets it
    std::string nonce;          // as sent: it is signed
    std::int64_t nonce_ns = 0;  // one that is too large for 64 bits is the largest
    Signature signature{};
};

// True when a request has headers of this generation at all.
bool is_btauth(const HttpHeaders& headers);

// Reads the headers and judges their form, nothing else.
std::variant<BtauthHead, AuthRefusal> read_btauth(const HttpHeaders& headers);

// Under the declared scheme only. A signature over <Bytes>...</Bytes>, as browser wallets make
// them, holds too; ours never are.
bool holds(const BtauthHead& head, const ServerRequest& request);

}  // namespace network

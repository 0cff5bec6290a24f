// Callers who sign their requests with a hotkey, in place of showing http.token: validators of the
// subnet, who may call /generate, and hotkeys of the operator's choice, who may see everything.
// Lives on io; what waits for the disk happens on a thread of its own.
//
// The newest nonce that was accepted is kept in the storage folder before its request is answered,
// so that a replay is refused after a restart, too. As long as there was none, what was signed
// before the start is refused, also when the clock was ahead at the start. All others are known to
// this process alone: a second one in the same folder would take what this one has taken, so the
// folder is locked.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "miner/runtime/clock.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "network/chain/metagraph.hpp"
#include "network/http/message.hpp"
#include "network/subnet/verify.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace miner {

namespace asio = boost::asio;

class SignedCallers {
public:
    struct Options {
        const config::Http& http;
        std::vector<std::string> receivers;  // addresses of our hotkeys, whom callers sign for
        std::filesystem::path folder;        // created when absent
        Clocks clocks = {};
    };

    // Empty when http.signed is none. Fails with network::Errc::bad_address (http.allow,
    // http.deny), malformed (no hotkey of ours), device_or_resource_busy when another process takes
    // signed calls in this folder, and storage's and the system's errors.
    static config::Result<std::unique_ptr<SignedCallers>> open(Options options);
    ~SignedCallers();

    // Whether the subnet must be told: until it is, nobody is served but http.allow.
    bool needs_subnet() const;
    void subnet(std::shared_ptr<const network::Metagraph> metagraph) { subnet_ = metagraph; }

    // True when a request is signed at all, well or not.
    static bool signs(const network::ServerRequest& request);

    // The refusal by the header alone, or nothing: before a body is let in. `path` is the request's
    // without its query.
    std::optional<network::ServerReply> screen(const network::ServerRequest& request,
                                               std::string_view path) const;
    // Once the body is there: the refusal, or nothing. 401: not signed well, too old, replayed;
    // 403: by whom we do not serve; 429: too many at once; 503: the nonce could not be kept.
    asio::awaitable<std::optional<network::ServerReply>> refuse(
        const network::ServerRequest& request);

private:
    SignedCallers(Options options, InstanceLock lock, std::optional<std::int64_t> newest_nonce_ns);

    // Unix time of our start, by the clock as it is now.
    std::int64_t start_ns() const;
    void open_verifiers(std::int64_t floor_ns);
    void follow_clock();

    // By the verifier of the hotkey that the request names. One that names none (the older headers
    // need not) may be signed for any of ours.
    std::variant<network::Caller, network::AuthRefusal> verify(
        const network::ServerRequest& request);
    std::optional<network::Verifier::Standing> standing(const std::string& hotkey) const;

    Options options_;
    InstanceLock lock_;
    const BootClock::time_point begun_;
    std::optional<std::int64_t> start_floor_ns_;  // while nothing is known to have been accepted
    std::vector<network::Verifier> verifiers_;    // in the order of receivers
    std::shared_ptr<const network::Metagraph> subnet_;
    asio::thread_pool disk_{1};
};

}  // namespace miner

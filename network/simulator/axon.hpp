// The HTTP face of a subnet validator, as bittensor 9.9.0's axon answers
// (tests/vectors/dendrite.json): routes, headers, nonce and signature, then the body, in that
// order. Holds the nonces it has seen; no sockets and no clock of its own. Not thread-safe.
//
// Stricter than the real one in one point: a request without a signature is refused (401), where
// the real axon skips the check. A rehearsal that let it pass would prove nothing.
#pragma once

#include "network/http/message.hpp"
#include "network/simulator/synapse.hpp"
#include "network/wallet/keypair.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace network {

class Axon {
public:
    struct Handlers {
        // Why a hotkey (of the headers, not yet proven) may not use a synapse; `from` is the
        // sender's ip.
        std::function<std::optional<std::string>(
            const std::string& synapse, const std::string& hotkey, const std::string& from)>
            blacklist;
        // The fields of the synapse that the answer changes; nothing stands for an exception (500).
        // May take its time, while others are answered.
        std::function<boost::asio::awaitable<std::optional<boost::json::object>>(SynapseCall)>
            forward;
        std::function<std::int64_t()> now_ns;  // wall clock
    };

    // How far a request came, for the tally.
    enum class CallStatus { answered, bad_signature, bad_nonce, refused };

    struct Answer {
        ServerReply reply;
        CallStatus call_status = CallStatus::refused;
    };

    Axon(Keypair key, std::string ip, std::uint16_t port, Handlers handlers);

    // The caller keeps `request` until it is answered.
    boost::asio::awaitable<Answer> answer(const ServerRequest& request);

private:
    struct Head;
    struct Refusal;

    std::optional<Refusal> verify(const Head& head, std::int64_t now_ns) const;
    void remember(const std::string& caller, std::int64_t nonce);
    Answer refuse(const ServerRequest& request, const Refusal& refusal) const;
    boost::asio::awaitable<Answer> forward(const ServerRequest& request, std::string synapse);

    Keypair key_;
    std::string ip_;
    std::uint16_t port_;
    std::string uuid_;
    Handlers handlers_;
    std::map<std::string, std::int64_t> nonces_;  // by HOTKEY:UUID
    std::deque<std::string> callers_;             // the same keys, oldest first
};

}  // namespace network

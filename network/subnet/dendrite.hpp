// Signed calls to validators. Lives on the io lane; one object serves all hotkeys, workers and
// validators.
#pragma once

#include "config/settings.hpp"
#include "network/subnet/messages.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace network {

class Dendrite {
public:
    struct Options {
        std::chrono::milliseconds connect_timeout{5'000};
        std::chrono::milliseconds pull_timeout{12'000};
        std::chrono::milliseconds submit_timeout{300'000};
        std::int64_t max_answer_bytes = 6LL << 20;
        std::function<std::int64_t()> now_ns;  // wall clock; empty: the system's
    };

    explicit Dendrite(Options options);

    // One request on one connection, with a fresh uuid; every phase has its own deadline. As
    // aiohttp follows redirects, a 307 or 308 within the same server is (network/http/client.hpp):
    // that may take as long again, and what is signed goes to nobody else. Fails with the network
    // errors of errc.hpp. When submit fails with read_timeout, closed or io, the validator may have
    // taken the result all the same: only the next pull tells. A refusal of what was signed tells
    // how far apart the clocks are.
    boost::asio::awaitable<config::Result<PullAnswer>> pull(Keypair key, Peer peer);
    boost::asio::awaitable<config::Result<SubmitAnswer>> submit(Keypair key, Peer peer,
                                                                std::string task_id,
                                                                std::string prompt,
                                                                std::string results);

private:
    Options options_;
};

}  // namespace network

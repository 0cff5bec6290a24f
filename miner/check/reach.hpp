// Checks over the network: do validators answer, is our clock theirs, and is there a picture
// service where one was named? Nothing is signed and no task is pulled: a request for a page that
// no axon has is answered all the same. On io.
#pragma once

#include "config/settings.hpp"
#include "miner/check/finding.hpp"
#include "network/subnet/messages.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <vector>

namespace miner {

// What came of asking one validator.
struct Probe {
    bool answered = false;
    bool hands_out_tasks = false;  // PullTask is among the synapses that it lists
    std::chrono::milliseconds took{0};
    // Its clock's lead over ours, in seconds, as far as the header Date tells: that counts whole
    // seconds.
    std::optional<double> lead_s;
    std::string error;
};

// Asks all at once, each within schedule.connect_timeout for every phase; in the order of `peers`.
boost::asio::awaitable<std::vector<Probe>> probe(std::vector<network::Peer> peers,
                                                 std::chrono::milliseconds limit);

Finding check_answers(const std::vector<network::Peer>& peers, const std::vector<Probe>& probes);

// Whether those that answer speak the pull protocol of 2025, the one that is mined by; fails where
// none answers, too.
Finding check_protocol(const std::vector<Probe>& probes);

// By the median of those that told: one validator's clock may be wrong.
Finding check_clock_skew(const std::vector<Probe>& probes);

// Whether the server of picture_service.url answers at all; no picture is asked for, as that may
// cost money. Nobody must: prompts then go to the model as they are.
boost::asio::awaitable<Finding> check_picture_service(config::PictureService settings,
                                                      std::chrono::milliseconds limit);

}  // namespace miner

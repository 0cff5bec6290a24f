// POST /generate as the subnet's later season calls its miners: a picture in, splats out, one at a
// time. Lives on io.
#pragma once

#include "miner/cockpit/metrics.hpp"
#include "miner/production.hpp"
#include "miner/stop.hpp"
#include "network/http/message.hpp"

#include <chrono>
#include <list>
#include <memory>
#include <stop_token>

namespace miner {

class Studio {
public:
    struct Services {
        Lanes& lanes;
        Production& production;
        const State& state;
        Metrics& metrics;
        Stop& stop;
        config::Logger& log;
        const config::Settings& settings;
    };

    explicit Studio(Services services) : s_(services) {}

    // Form fields prompt_image_file and seed (-1 or absent: random). 200: a PLY, or an SPZ when the
    // header Accept asks for one, in TRELLIS's own convention. 400: not such a form; 422: no
    // picture that can be read, or no attempt was dense enough; 429: the queue is full; 503:
    // loading or stopping; 504: past http.deadline; 500: the generation failed. Given up as soon as
    // the caller hangs up.
    asio::awaitable<network::ServerReply> generate(network::ServerRequest request);

    // Set once the GPU was lost: the process must end.
    bool device_lost() const { return device_lost_; }

private:
    struct Order {
        std::vector<std::uint8_t> picture;
        std::uint64_t seed = 0;
        bool spz = false;
    };
    struct Answer {
        std::string_view end;  // as Metrics::generated has it
        network::ServerReply reply;
    };
    using Clock = std::chrono::steady_clock;

    static config::Result<Order> read_order(const network::ServerRequest& request);
    asio::awaitable<Answer> make(const network::ServerRequest& request, Clock::time_point deadline);
    asio::awaitable<Answer> produce(Order order, std::stop_token gone, Clock::time_point deadline);
    asio::awaitable<Answer> deliver(Product product, const Order& order);
    Answer explain(const Product& product, std::stop_token gone, Clock::time_point deadline);
    asio::awaitable<bool> wait_for_turn(std::stop_token gone, Clock::time_point deadline);
    void next();

    Services s_;
    bool busy_ = false;
    std::list<asio::steady_timer*> waiting_;  // each woken when its turn comes
    bool device_lost_ = false;
};

}  // namespace miner

// POST /generate as the subnet's later season calls its miners: a picture or a prompt in, splats
// out, as many at a time as the backends make. Lives on io.
#pragma once

#include "miner/generation/production.hpp"
#include "miner/runtime/stop.hpp"
#include "miner/server/metrics.hpp"
#include "network/http/message.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stop_token>

namespace miner {

class GenerateEndpoint {
public:
    struct Services {
        Lanes& lanes;
        Production& production;
        BackendPool& backends;
        const State& state;
        Metrics& metrics;
        Stop& stop;
        config::Logger& log;
        const config::Settings& settings;
    };

    explicit GenerateEndpoint(Services services);

    // Form fields prompt_image_file or prompt, and seed (-1 or absent: random). 200: a PLY, or an
    // SPZ when the header Accept asks for one, in TRELLIS's own convention. Another miner brings
    // its generation config along: min_gaussians (one attempt; fewer are 422, with their count in
    // x-gaussians, and are not made), enhance and applies_to as the settings of that name. 400: not
    // such a form; 422: a picture that cannot be read, something the model does not take, or no
    // attempt was dense enough; 429: the queue is full, or the caller would have to wait and does
    // not want to (kNoQueue); 503: loading or stopping; 504: past the deadline; 500: the generation
    // failed. Given up as soon as the caller hangs up.
    asio::awaitable<network::ServerReply> generate(network::ServerRequest request);

    // Of this process, for other miners: their calls are never passed on, so that only devices of
    // this machine count. No places while it loads or stops.
    BackendReport report() const;

    // Calls that can be made at once just now, remote backends included; at least one.
    std::size_t places() const;

    // Lets in who waits when there are more places, until stopping is asked for.
    asio::awaitable<void> follow_backends();

    // Set once the GPU was lost: the process must end.
    bool device_lost() const { return device_lost_; }

private:
    struct Call {
        GenerationRequest request;
        std::uint64_t seed = 0;
        bool spz = false;
        std::optional<GenerationConfig> generation_config = {};  // another miner's, or none: ours
    };
    struct Answer {
        std::string_view end;  // as Metrics::generated has it
        network::ServerReply reply;
    };
    using Clock = std::chrono::steady_clock;

    using Field = std::function<std::string_view(std::string_view name)>;

    config::Result<Call> read_call(const network::ServerRequest& request) const;
    config::Result<std::optional<GenerationConfig>> read_config_of_caller(const Field& field) const;
    // How long a call may take, waiting included; see http.deadline.
    std::chrono::milliseconds limit() const;
    asio::awaitable<Answer> make(network::ServerRequest& request, Clock::time_point deadline);
    asio::awaitable<Answer> produce(Call call, std::stop_token gone, Clock::time_point deadline);
    asio::awaitable<Answer> deliver(GenerationResult result, const Call& call);
    Answer too_late() const;
    Answer explain(const GenerationResult& result, std::stop_token gone,
                   Clock::time_point deadline);
    asio::awaitable<bool> wait_for_turn(std::stop_token gone, Clock::time_point deadline);
    bool has_place() const { return at_work_ < places(); }
    void next();
    void let_in();
    void tell_metrics();

    Services s_;
    const std::string instance_;  // drawn at the start
    std::size_t at_work_ = 0;
    std::list<asio::steady_timer*> waiting_;  // each woken when its turn comes
    bool device_lost_ = false;
};

}  // namespace miner

// Other miners behind one address as a backend: one `miner serve`, or a load balancer (a Service of
// Kubernetes, HAProxy, Envoy) with any number of them, asked over POST /generate. Not trusted: the
// time, size and shape of answers are bounded.
//
// How many there are, and what they make at once, is learnt from their answers (Fleet). Where there
// are several, so many requests are given to them, each with the word to refuse it rather than let
// it wait behind another; what one refuses goes to the next at once, and what one loses does, too.
// Whom all refuse waits in a queue there like everybody else, once it has been here in vain, or has
// something to lose: else those who always queue would always be first. Each call has a connection
// of its own: a balancer of connections would send all of one to one.
//
// It gets the picture or prompt as it came, with our generation config beside it (see
// GenerateEndpoint): it enhances, makes one structure, and goes on only when that is dense enough;
// else it tells the count, and the gate here decides, as for a device. So a sparse structure costs
// it stage 1 alone. A server without this extension always returns splats, whose number then goes
// through the gate.
#pragma once

#include "config/log.hpp"
#include "miner/generation/backend.hpp"
#include "miner/generation/fleet.hpp"
#include "miner/generation/fullness.hpp"
#include "network/backoff.hpp"
#include "network/http/client.hpp"
#include "network/http/url.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

namespace miner {

class RemoteBackend final : public Backend {
public:
    struct Options {
        network::HttpUrl url;  // /generate and /health lie beneath it
        std::string token;     // empty: none is shown
        std::shared_ptr<const network::Tls> tls;
        network::Backoff::Settings rest{.first = std::chrono::seconds(5),
                                        .longest = std::chrono::minutes(5)};
        // Full for so long it is not able to take on more.
        std::chrono::milliseconds long_full = std::chrono::seconds(30);
    };

    RemoteBackend(Lanes& lanes, config::Logger& log, Options options);

    // Asks for its health, and where it says who it is, for that of the others there; afterwards it
    // counts as up or down. Some seconds; a minute where one of them takes questions and answers
    // none.
    asio::awaitable<void> check();
    // Asks no more; no request may be there any more. Before it dies, where it was asked anything.
    asio::awaitable<void> close();

    // What came of one attempt so far.
    struct Tries {
        int refused = 0, lost = 0;
        bool several = false;  // stood there when the first call was made
        bool begun = false;    // with attempts that another address would have to make again
        bool queues = false;   // waits behind others where it must
    };
    Tries begin_tries(bool begun) const;
    // A call ended well.
    void succeeded();
    // A call was refused for want of room, or by one that stands down. True: others are there, and
    // it is to be made again at once. Else it has no room for a while, as long as it says
    // (Retry-After). Both end soon after `stop` fires, which must happen on io.
    asio::awaitable<bool> refused(Tries& tries, network::HttpAnswer answer, std::stop_token stop);
    // The backend failed at a call; `loser`: who said that it is the one, and is there; or empty.
    // True: others are, and it is to be made again. Else it rests, longer each time.
    asio::awaitable<bool> lost(Tries& tries, config::Error error, std::string loser,
                               std::stop_token stop);

    const std::string& name() const override { return name_; }
    bool able() const override;
    bool is_there() const override;
    bool is_remote() const override { return true; }
    std::size_t places() const override;
    bool has_room() const override;
    bool takes_pictures() const override { return takes_pictures_; }
    bool takes_prompts() const override { return takes_prompts_; }
    std::unique_ptr<GenerationRun> begin(GenerationRun::Input input) override;

    // Sends `request` there with the token; cancelled with generator::Errc::cancelled when `stop`
    // fires, which must happen on io.
    asio::awaitable<config::Result<network::HttpAnswer>> ask(network::HttpRequest request,
                                                             network::HttpLimits limits,
                                                             std::stop_token stop);
    // Likewise, a call of /generate.
    asio::awaitable<config::Result<network::HttpAnswer>> call(network::HttpRequest request,
                                                              network::HttpLimits limits,
                                                              std::stop_token stop,
                                                              const Tries& tries);

private:
    // What questions for health found.
    struct Look {
        bool answered = false, healthy = false;
        std::string why;  // not
    };
    using Time = std::chrono::steady_clock::time_point;

    asio::awaitable<bool> finds_others(Tries& tries, std::string loser, std::stop_token stop);
    // Until a look that began at `wanted` or later is over, or `enough`, which is asked whenever
    // there is news.
    asio::awaitable<void> until_looked(Time wanted, std::function<bool()> enough);
    void begin_looks(asio::any_io_executor io);
    asio::awaitable<void> look_while_wanted();
    asio::awaitable<void> look(Time began);
    asio::awaitable<void> question(Look& look);
    void heard(const network::HttpAnswer& answer, Look& look);
    void set_up(bool up, const std::string& why);
    void failed(const config::Error& error);

    Lanes& lanes_;
    config::Logger& log_;
    Options options_;
    std::string name_;
    network::Backoff backoff_;
    Time rests_until_{};
    Fullness fullness_;
    Fleet fleet_;
    std::multiset<Time> calls_;  // of /generate, when they began
    std::size_t instances_ = 0;  // that were told of last
    std::stop_source closing_;
    std::optional<network::Event> news_;  // a look is over, or an answer came that one waits for
    bool looking_ = false;
    std::exception_ptr look_failure_;
    Time looked_{};       // when the newest look that is over began
    Time look_wanted_{};  // the next may not have begun before
    int doubting_ = 0;    // calls that were lost and wait for what a look finds
    bool checked_ = false, up_ = false;
    bool takes_pictures_ = false, takes_prompts_ = false;
};

}  // namespace miner

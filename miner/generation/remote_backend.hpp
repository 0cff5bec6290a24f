// Another miner as a backend: `miner serve` somewhere, asked over POST /generate. Not trusted: the
// time, size and shape of its answers are bounded.
//
// It gets the picture or prompt as it came, with our generation config beside it (see
// GenerateEndpoint): it enhances, makes one structure, and goes on only when that is dense enough;
// else it tells the count, and the gate here decides, as for a device. So a sparse structure costs
// it stage 1 alone. A server without this extension always returns splats, whose number then goes
// through the gate.
#pragma once

#include "config/log.hpp"
#include "miner/generation/backend.hpp"
#include "network/backoff.hpp"
#include "network/http/client.hpp"
#include "network/http/url.hpp"

#include <chrono>
#include <memory>
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
    };

    RemoteBackend(Lanes& lanes, config::Logger& log, Options options);

    // Asks for its health; afterwards it counts as up or down. At most some seconds.
    asio::awaitable<void> check();

    // A run ended well, or the backend failed at it: then it rests, longer each time.
    void succeeded();
    void failed(const config::Error& error);

    const std::string& name() const override { return name_; }
    bool able() const override;
    bool is_remote() const override { return true; }
    bool takes_pictures() const override { return takes_pictures_; }
    bool takes_prompts() const override { return takes_prompts_; }
    std::unique_ptr<GenerationRun> begin(GenerationRun::Input input) override;

    // Sends `request` there with the token; cancelled with generator::Errc::cancelled when `stop`
    // fires, which must happen on io.
    asio::awaitable<config::Result<network::HttpAnswer>> ask(network::HttpRequest request,
                                                             network::HttpLimits limits,
                                                             std::stop_token stop) const;

private:
    void heard(const network::HttpAnswer& answer);
    void set_up(bool up, const std::string& why);

    Lanes& lanes_;
    config::Logger& log_;
    Options options_;
    std::string name_;
    network::Backoff backoff_;
    std::chrono::steady_clock::time_point rests_until_{};
    bool checked_ = false, up_ = false;
    bool takes_pictures_ = false, takes_prompts_ = false;
};

}  // namespace miner

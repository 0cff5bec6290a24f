// A client of the text-to-image service that picture_service.url names: makes the picture of a
// prompt that the model then makes splats from. After a few failures in a row the service is left
// alone for a while (network/breaker). Lives on io; decodes on the cpu lane.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/runtime/lanes.hpp"
#include "network/breaker.hpp"
#include "network/picture_service.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace miner {

class TextToImageClient {
public:
    // Nothing when no service is named. Fails with network::Errc::malformed.
    static config::Result<std::optional<network::PictureService::Options>> options(
        const config::PictureService& settings);

    using Clock = network::Breaker::Clock;

    // Lanes and logger outlive it. `now`: by which the service is left alone for a while.
    TextToImageClient(Lanes& lanes, config::Logger& log, network::PictureService::Options options,
                      network::Breaker::Settings patience = {},
                      std::function<Clock::time_point()> now = Clock::now)
        : lanes_(lanes),
          log_(log),
          service_(std::move(options)),
          breaker_(patience),
          now_(std::move(now)) {}

    using File = std::vector<std::uint8_t>;

    // The bytes of a picture file that can be decoded. Fails as PictureService does, as
    // generator::decode does, with network::Errc::offline while the service is left alone, and with
    // cancelled once `stop` fires. Says in the log what came of it; `task` is for that.
    asio::awaitable<config::Result<File>> generate(std::string prompt, std::string task,
                                                   std::stop_token stop);

private:
    asio::awaitable<config::Result<File>> ask(std::string prompt, std::stop_token stop);

    Lanes& lanes_;
    config::Logger& log_;
    network::PictureService service_;
    network::Breaker breaker_;
    std::function<Clock::time_point()> now_;
};

}  // namespace miner

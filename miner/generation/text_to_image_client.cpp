#include "miner/generation/text_to_image_client.hpp"

#include "generator/image/decode.hpp"
#include "miner/runtime/until_stopped.hpp"
#include "network/errc.hpp"
#include "network/first_of.hpp"
#include "network/http/url.hpp"
#include "network/tls.hpp"

#include <chrono>
#include <cmath>
#include <utility>

namespace miner {

config::Result<std::optional<network::PictureService::Options>> TextToImageClient::options(
    const config::PictureService& settings) {
    if (settings.url.empty()) return std::optional<network::PictureService::Options>();
    auto endpoint = network::parse_http_url(settings.url);
    if (!endpoint) return endpoint.error();
    network::PictureService::Options options{.endpoint = std::move(*endpoint),
                                             .model = settings.model,
                                             .side = settings.size,
                                             .token = settings.key,
                                             .deadline = settings.deadline,
                                             .tls = nullptr};
    if (options.endpoint.tls) options.tls = network::Tls::system();
    return std::optional(std::move(options));
}

asio::awaitable<config::Result<TextToImageClient::File>> TextToImageClient::ask(
    std::string prompt, std::stop_token stop) {
    auto made = service_.make(std::move(prompt));
    auto stopped = until_stopped(std::move(stop));
    auto first = co_await network::first_of(std::move(made), std::move(stopped));
    if (first.index() == 1)
        co_return config::fail(network::Errc::cancelled, "during text to image");
    auto& file = std::get<0>(first);
    if (!file) co_return file.error();
    const auto decoded = co_await run_on(lanes_.cpu, [&file] { return generator::decode(*file); });
    if (!decoded) co_return decoded.error();
    co_return std::move(*file);
}

asio::awaitable<config::Result<TextToImageClient::File>> TextToImageClient::generate(
    std::string prompt, std::string task, std::stop_token stop) {
    const auto begun = now_();
    if (!breaker_.allows(begun)) {
        log_.info("text to image failed",
                  {{"task", task}, {"reason", "the service failed before"}});
        co_return config::fail(network::Errc::offline,
                               "the picture service is left alone for a while after its failures");
    }
    auto picture = co_await ask(std::move(prompt), stop);
    const auto now = now_();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun).count();
    if (picture) {
        breaker_.succeeded();
        log_.info("text to image done", {{"task", task}, {"ms", ms}});
    } else if (!stop.stop_requested()) {  // stopped by us it has not failed
        breaker_.failed(now);
        log_.warn("text to image failed",
                  {{"task", task}, {"ms", ms}, {"error", picture.error().message()}});
    }
    co_return picture;
}

}  // namespace miner

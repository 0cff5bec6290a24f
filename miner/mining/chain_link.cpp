#include "miner/mining/chain_link.hpp"

#include "network/tls.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace miner {
namespace {

network::RpcOptions rpc_options(std::vector<network::Endpoint> endpoints,
                                const network::RpcLimits& limits, const config::Subtensor& settings,
                                std::function<void(const network::RpcNews&)> news) {
    network::RpcOptions options;
    options.endpoints = std::move(endpoints);
    options.tls = network::Tls::system();
    options.limits = limits;
    options.limits.stale = settings.stale;
    options.news = std::move(news);
    return options;
}

}  // namespace

ChainLink::ChainLink(asio::any_io_executor io, std::vector<network::Endpoint> endpoints,
                     Services services)
    : stop_(services.stop),
      rpc_(io, rpc_options(std::move(endpoints), services.limits, services.settings.subtensor,
                           [this](const network::RpcNews& news) { watch_.connection(news); })),
      chain_(rpc_),
      watch_({chain_, services.identities, services.stop, services.lanes, services.log,
              services.settings, std::move(services.folder), std::move(services.named),
              std::move(services.subnet), std::move(services.first_validators),
              std::move(services.hindered), std::move(services.now), services.pauses}) {}

asio::awaitable<void> ChainLink::run() {
    using namespace asio::experimental::awaitable_operators;
    co_await (rpc_.run() && watch_and_stop() && stop_when_asked());
}

asio::awaitable<void> ChainLink::watch_and_stop() {
    co_await watch_.run();
    rpc_.stop();
}

// A question to a silent node must not hold up the end.
asio::awaitable<void> ChainLink::stop_when_asked() {
    // Not as the loop's condition: g++ 12 takes a loop without a body for one that has no end.
    while (!stop_.asked()) co_await stop_.sleep(std::chrono::hours(1));
    rpc_.stop();
}

}  // namespace miner

#include "miner/serve.hpp"

#include "miner/host.hpp"
#include "miner/mining/chain_link.hpp"
#include "miner/server/generate_endpoint.hpp"
#include "network/await_all.hpp"
#include "network/http/url.hpp"

#include <boost/asio/detached.hpp>

#include <chrono>
#include <optional>
#include <vector>

namespace miner {
namespace {

// Between looks at whether the last call has been answered.
constexpr auto kLook = std::chrono::milliseconds(50);
// For calls that are given up to be told so.
constexpr auto kLastWords = std::chrono::seconds(2);

// Until stopping is asked for and the last call is answered.
asio::awaitable<void> answer_calls(const StatusServer& server, Stop& stop) {
    // Not as the loop's condition: g++ 12 takes a loop without a body for one that has no end.
    while (!stop.asked()) co_await stop.sleep(std::chrono::hours(24));
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::optional<std::chrono::steady_clock::time_point> hurried;
    while (server.answering()) {
        const auto now = std::chrono::steady_clock::now();
        if (stop.immediate() && !hurried) hurried = now;
        if (hurried && now - *hurried > kLastWords) break;
        timer.expires_after(kLook);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

// Where the chain tells who may call; null where it is not asked.
config::Result<std::unique_ptr<ChainLink>> open_chain(const ServeOptions& options, Host& host) {
    auto endpoints = network::endpoints(options.settings.subtensor);
    if (!endpoints) return endpoints.error();
    auto* callers = host.status_server()->signed_callers();
    if (!callers || !callers->needs_subnet()) return std::unique_ptr<ChainLink>();
    auto chain = std::make_unique<ChainLink>(
        host.io().get_executor(), std::move(*endpoints),
        ChainLink::Services{.identities = {},
                            .stop = host.stop(),
                            .lanes = host.lanes(),
                            .log = options.log,
                            .settings = options.settings,
                            .folder = options.folder,
                            .subnet = [callers](auto graph) { callers->subnet(graph); }});
    chain->watch().restore();
    return chain;
}

}  // namespace

ExitCode run_serve(ServeOptions options) {
    auto& log = options.log;
    Host host(options.settings, log);
    if (const auto failed = host.open_backends()) return *failed;
    if (const auto failed = host.open_status_server({.settings = options.settings,
                                                     .folder = options.folder,
                                                     .archive = nullptr,
                                                     .mining = false,
                                                     .hotkeys = options.hotkeys}))
        return *failed;
    auto& server = *host.status_server();
    const auto chain = open_chain(options, host);
    if (!chain)
        return host.cannot_start(chain.error(), "see subtensor.* in `miner config --print`",
                                 ExitCode::usage);
    GenerateEndpoint generate_endpoint({host.lanes(), host.production(), host.backends(),
                                        server.state(), server.metrics(), host.stop(), log,
                                        options.settings});
    server.serve_generate(
        [&](network::ServerRequest request) {
            return generate_endpoint.generate(std::move(request));
        },
        [&] { return generate_endpoint.report(); }, [&] { return generate_endpoint.places(); });
    log.info("serving",
             {{"url", "http://" + network::authority(server.address().host, server.port()) +
                          "/generate"}});
    if (*chain) asio::co_spawn(host.io(), (*chain)->run(), asio::detached);
    return host.run(options.make_generator, [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> children;
        children.push_back(host.backends().watch(host.stop()));
        children.push_back(generate_endpoint.follow_backends());
        children.push_back(answer_calls(server, host.stop()));
        co_await network::await_all(std::move(children));
        if (generate_endpoint.device_lost()) host.device_was_lost();
    });
}

}  // namespace miner

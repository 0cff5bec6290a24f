#include "miner/serve.hpp"

#include "miner/await_all.hpp"
#include "miner/chain_link.hpp"
#include "miner/cockpit/cockpit.hpp"
#include "miner/cockpit/studio.hpp"
#include "miner/ending.hpp"
#include "miner/service.hpp"
#include "miner/signals.hpp"
#include "network/http/client.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>

namespace miner {
namespace {

// Between looks at whether the last call has been answered.
constexpr auto kLook = std::chrono::milliseconds(50);
// For calls that are given up to be told so.
constexpr auto kLastWords = std::chrono::seconds(2);

// Everything of a serving miner, in the order in which it is built.
struct Workshop {
    Workshop(ServeOptions& options, Lanes& the_lanes, Recipe recipe, std::unique_ptr<Fleet> all,
             std::unique_ptr<Cockpit> seen)
        : lanes(the_lanes),
          fleet(std::move(all)),
          cockpit(std::move(seen)),
          production(lanes, *fleet, options.log, std::move(recipe)) {
        show_stations(*cockpit, *fleet);
    }

    Lanes& lanes;
    std::unique_ptr<Fleet> fleet;
    std::unique_ptr<Cockpit> cockpit;
    Production production;
};

// Until stopping is asked for and the last call is answered.
asio::awaitable<void> answer_calls(Workshop& shop, Stop& stop) {
    // Not as the loop's condition: g++ 12 takes a loop without a body for one that has no end.
    while (!stop.asked()) co_await stop.sleep(std::chrono::hours(24));
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::optional<std::chrono::steady_clock::time_point> hurried;
    while (shop.cockpit->answering()) {
        const auto now = std::chrono::steady_clock::now();
        if (stop.immediate() && !hurried) hurried = now;
        if (hurried && now - *hurried > kLastWords) break;
        timer.expires_after(kLook);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void> serve(ServeOptions& options, Workshop& shop, Stop& stop, Service& service) {
    const auto model = shop.fleet->info();
    shop.cockpit->state().model_ready(model);
    service.ready(model.name);
    options.log.info("model ready", {{"model", model.name},
                                     {"device", model.device},
                                     {"dtype", model.dtype},
                                     {"parameters", model.parameters}});
    std::vector<asio::awaitable<void>> children;
    children.push_back(shop.fleet->watch(stop));
    children.push_back(answer_calls(shop, stop));
    co_await await_all(std::move(children));
}

}  // namespace

ExitCode run_serve(ServeOptions options) {
    auto& log = options.log;
    asio::io_context io{1};
    Stop stop(io.get_executor());
    asio::signal_set signals(io);
    take_signals(signals);
    auto recipe = read_recipe(options.settings);
    if (!recipe) {
        log.error("cannot start", {{"error", recipe.error().message()}});
        return ExitCode::usage;
    }
    Lanes lanes;
    auto fleet = Fleet::build(lanes, log, options.settings.generator);
    if (!fleet) {
        log.error("cannot start", {{"error", fleet.error().message()},
                                   {"remedy", "see generator.remote in `miner config --print`"}});
        return ExitCode::usage;
    }
    auto cockpit = Cockpit::open(io, {.settings = options.settings,
                                      .folder = options.folder,
                                      .archive = nullptr,
                                      .mining = false,
                                      .hotkeys = options.hotkeys});
    if (!cockpit) return no_cockpit(cockpit.error(), log);
    auto endpoints = network::endpoints(options.settings.subtensor);
    if (!endpoints) {
        log.error("cannot start", {{"error", endpoints.error().message()}});
        return ExitCode::usage;
    }
    Workshop shop(options, lanes, std::move(*recipe), std::move(*fleet), std::move(*cockpit));
    log.add(shop.cockpit->log_sink());
    Service service(io.get_executor());
    Studio studio({shop.lanes, shop.production, shop.cockpit->state(), shop.cockpit->metrics(),
                   stop, log, options.settings},
                  shop.fleet->size());
    shop.cockpit->serve_generate(
        [&](network::ServerRequest request) { return studio.generate(std::move(request)); });
    log.info("serving",
             {{"url", "http://" +
                          network::authority(shop.cockpit->address().host, shop.cockpit->port()) +
                          "/generate"}});

    std::unique_ptr<ChainLink> chain;
    if (auto* callers = shop.cockpit->signed_callers(); callers && callers->needs_subnet()) {
        chain = std::make_unique<ChainLink>(
            io.get_executor(), std::move(*endpoints),
            ChainLink::Services{.identities = {},
                                .stop = stop,
                                .lanes = shop.lanes,
                                .log = log,
                                .settings = options.settings,
                                .folder = options.folder,
                                .subnet = [callers](auto graph) { callers->subnet(graph); }});
        chain->watch().restore();
    }

    Ending ending;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const auto loaded = co_await shop.fleet->load(options.make_generator, Start::warm);
            if (!loaded) {
                ending.no_model = loaded.error();
                co_return;
            }
            co_await serve(options, shop, stop, service);
            co_await shop.fleet->unload();
        },
        [&](std::exception_ptr error) {
            ending.failure = error;
            stop.ask();
            signals.cancel();
            service.end();
            shop.cockpit->stop();
        });
    asio::co_spawn(io,
                   watch_signals(signals, stop, options.settings.run.grace, log,
                                 {.first =
                                      [&] {
                                          service.stopping();
                                          shop.cockpit->state().draining();
                                      }}),
                   asio::detached);
    asio::co_spawn(io, shop.cockpit->run(), asio::detached);
    if (chain) asio::co_spawn(io, chain->run(), asio::detached);
    io.run();
    ending.device_lost = studio.device_lost();
    return conclude(ending, log);
}

}  // namespace miner

#include "miner/app.hpp"

#include "config/keys.hpp"
#include "config/version.hpp"
#include "miner/await_all.hpp"
#include "miner/chain_link.hpp"
#include "miner/cockpit/cockpit.hpp"
#include "miner/cooldowns.hpp"
#include "miner/ending.hpp"
#include "miner/instance_lock.hpp"
#include "miner/record_watch.hpp"
#include "miner/service.hpp"
#include "miner/signals.hpp"
#include "miner/worker.hpp"
#include "network/http/client.hpp"
#include "storage/database.hpp"
#include "storage/report.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <stdexcept>

namespace miner {
namespace {

// The database with what stands on it. Used on the db lane only.
struct Store {
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::Journal> journal;
    std::optional<storage::Artifacts> artifacts;
    int left_open = 0;  // tasks of an earlier run

    static config::Result<Store> open(const std::filesystem::path& folder,
                                      const config::Settings& settings, config::Logger& log,
                                      std::int64_t now_ms) {
        Store store;
        auto database = storage::Database::open(folder / "miner.db");
        if (!database) return database.error();
        store.database = std::move(*database);
        if (store.database->finished_restore())
            log.warn("restore finished", {{"hint",
                                           "it was cut off; what was there before is "
                                           "miner.db.before-restore"}});
        store.journal =
            std::make_unique<storage::Journal>(*store.database, std::string(config::version()),
                                               config::settings_hash(settings), now_ms);
        auto recovered = store.journal->recover(now_ms);
        if (!recovered) return recovered.error();
        store.left_open = *recovered;
        auto artifacts = storage::Artifacts::open(folder / "assets");
        if (!artifacts) return artifacts.error();
        store.artifacts.emplace(std::move(*artifacts));
        return store;
    }

    config::Result<int> prune(const config::Storage& limits) {
        auto unanswered = storage::unanswered_assets(*database);
        if (!unanswered) return unanswered.error();
        return artifacts->prune(limits.keep_days, limits.keep_gb,
                                {unanswered->begin(), unanswered->end()});
    }
};

asio::awaitable<void> keep_house(Store& store, Lanes& lanes, Stop& stop,
                                 const config::Storage& limits, config::Logger& log) {
    do {
        const auto removed = co_await run_on(lanes.db, [&] { return store.prune(limits); });
        if (!removed)
            log.warn("not pruned", {{"error", removed.error().message()}});
        else if (*removed > 0)
            log.info("pruned", {{"assets", *removed}});
    } while (co_await stop.sleep(std::chrono::hours(1)));
}

// Awaits all children; when one throws, the others are stopped and the first exception goes on.
asio::awaitable<void> all_of(std::vector<asio::awaitable<void>> children, Stop& stop) {
    const auto guarded = [](asio::awaitable<void> child, Stop& ours) -> asio::awaitable<void> {
        try {
            co_await std::move(child);
        } catch (...) {
            ours.now();
            throw;
        }
    };
    for (auto& child : children) child = guarded(std::move(child), stop);
    co_await await_all(std::move(children));
}

network::Dendrite::Options dendrite_options(const config::Schedule& schedule,
                                            const Clocks& clocks) {
    return {.connect_timeout = schedule.connect_timeout,
            .pull_timeout = schedule.pull_timeout,
            .submit_timeout = schedule.submit_timeout,
            .max_answer_bytes = schedule.max_answer_bytes,
            .now_ns = clocks.unix_ns};
}

void resume(const Contacts& contacts, std::span<Identity> identities, const AppOptions& options) {
    resume_cooldowns(contacts, identities, options.clocks,
                     options.settings.schedule.validation_lock, options.log);
}

// What is in the way, as the page and /health show it.
std::function<void(Hindrance)> hindrance_by(Cockpit* cockpit, std::string what) {
    if (!cockpit) return {};
    return [cockpit, what = std::move(what)](Hindrance hindrance) {
        cockpit->state().hindered(what, std::move(hindrance));
    };
}

// Empty when the chain is not asked, neither for validators nor for who may call. `contacts` are of
// earlier runs: validators that are known only now are left alone as they asked then. Those that
// the file of an earlier run has are there at once.
std::unique_ptr<ChainLink> make_chain(const AppOptions& options, Contacts contacts, Lanes& lanes,
                                      Roster& roster, Stop& stop, Cockpit* cockpit,
                                      asio::any_io_executor io) {
    auto* callers = cockpit ? cockpit->signed_callers() : nullptr;
    if (callers && !callers->needs_subnet()) callers = nullptr;
    if (!options.chain && !callers) return nullptr;
    auto endpoints = network::endpoints(options.settings.subtensor);
    if (!endpoints) throw std::invalid_argument(endpoints.error().message());
    auto chain = std::make_unique<ChainLink>(
        io, std::move(*endpoints),
        ChainLink::Services{
            .identities = options.chain ? roster.identities() : std::span<Identity>(),
            .stop = stop,
            .lanes = lanes,
            .log = options.log,
            .settings = options.settings,
            .folder = options.folder,
            .named = options.named,
            .subnet =
                [callers](std::shared_ptr<const network::Metagraph> graph) {
                    if (callers) callers->subnet(std::move(graph));
                },
            .first_validators = [contacts = std::move(contacts), &roster,
                                 &options] { resume(contacts, roster.identities(), options); },
            .hindered = hindrance_by(cockpit, "chain")});
    chain->watch().restore();
    return chain;
}

void show_chain(Cockpit& cockpit, const network::Rpc& rpc) {
    cockpit.state().ask_chain([&rpc]() -> std::optional<ChainState> {
        const auto came = rpc.head_at();
        if (!came) return std::nullopt;
        const std::chrono::duration<double> age = std::chrono::steady_clock::now() - *came;
        return ChainState{rpc.head(), age.count()};
    });
}

// A validator that cannot be reached, or does not answer what it was sent, may have moved: the
// chain knows where to.
void watch_validators(Observer& observer, ChainWatch& chain) {
    observer.pulled = [next = std::move(observer.pulled), &chain](const Pulled& pulled) {
        if (!pulled.reached) chain.validator_failed();
        if (next) next(pulled);
    };
    observer.turn = [next = std::move(observer.turn), &chain](const Turn& turn) {
        if (turn.end == Turn::End::unanswered) chain.validator_failed();
        if (next) next(turn);
    };
}

asio::awaitable<void> mine(AppOptions& options, Contacts contacts, Lanes& lanes, Store& store,
                           Fleet& fleet, Production& production, Stop& stop, Cockpit* cockpit,
                           bool& device_lost) {
    network::Dendrite dendrite(dendrite_options(options.settings.schedule, options.clocks));
    Roster roster(std::move(options.identities));
    const auto io = co_await asio::this_coro::executor;
    const auto chain = make_chain(options, std::move(contacts), lanes, roster, stop, cockpit, io);
    if (options.chain) watch_validators(options.observer, chain->watch());
    RecordWatch records({.lanes = lanes,
                         .database = *store.database,
                         .stop = stop,
                         .log = options.log,
                         .hindered = hindrance_by(cockpit, "database"),
                         .again = options.settings.schedule.idle});
    options.observer.recorded = [&](const config::Result<void>& step) { records.recorded(step); };
    // Whoever looks at the page sees its blocks as long as it is there.
    std::shared_ptr<void> shown;
    if (chain && cockpit) {
        show_chain(*cockpit, chain->rpc());
        shown = {nullptr, [cockpit](void*) { cockpit->state().ask_chain({}); }};
    }
    Pipeline pipeline({lanes, production, dendrite, *store.journal, *store.artifacts, stop,
                       options.log, options.settings, options.observer, options.clocks});
    // One slot more than stations: one task's network and disk run under another's computing.
    const std::size_t slots = fleet.size() + 1;
    const auto workers = [&]() -> asio::awaitable<void> {
        std::vector<asio::awaitable<void>> children;
        for (std::size_t slot = 0; slot < slots; ++slot)
            children.push_back(work(roster, pipeline, stop, options.settings.schedule.idle,
                                    options.finished, options.clocks));
        children.push_back(fleet.watch(stop));
        children.push_back(keep_house(store, lanes, stop, options.settings.storage, options.log));
        children.push_back(records.run());
        co_await all_of(std::move(children), stop);
    };
    std::vector<asio::awaitable<void>> children;
    children.push_back(workers());
    if (chain) children.push_back(chain->run());
    co_await all_of(std::move(children), stop);
    device_lost = pipeline.device_lost();
}

// The status page and its interface, if asked for; it answers while the model still loads.
config::Result<std::unique_ptr<Cockpit>> open_cockpit(asio::io_context& io, AppOptions& options,
                                                      const Store& store) {
    if (options.settings.http.listen.empty()) return std::unique_ptr<Cockpit>();
    auto cockpit = Cockpit::open(
        io, {.settings = options.settings,
             .folder = options.folder,
             .archive = std::make_unique<Archive>(options.folder / "miner.db", *store.artifacts),
             .hotkeys = hotkeys_of(options.identities)});
    if (!cockpit) return cockpit.error();
    options.observer = (*cockpit)->observer(std::move(options.observer));
    options.log.add((*cockpit)->log_sink());
    (*cockpit)->state().scored_by(options.scored_by);
    return cockpit;
}

}  // namespace

ExitCode run_app(AppOptions options) {
    auto& log = options.log;
    const auto lock = InstanceLock::take(options.folder);
    if (!lock) {
        log.error(
            "cannot start",
            {{"error", lock.error().message()},
             {"remedy", "stop the other miner, or choose another folder with --storage.path"}});
        return lock.error().code == boost::system::errc::device_or_resource_busy
                   ? ExitCode::another_instance
                   : ExitCode::storage;
    }
    asio::io_context io{1};
    Lanes lanes;
    Stop stop(io.get_executor());
    // From here on a signal is an orderly stop, even while the model loads.
    asio::signal_set signals(io);
    take_signals(signals);

    auto store = Store::open(options.folder, options.settings, log, options.clocks.unix_ms());
    if (!store) {
        log.error("cannot start", {{"error", store.error().message()}});
        return ExitCode::storage;
    }
    if (store->left_open > 0)
        log.info("resumed", {{"tasks", store->left_open},
                             {"hint", "they go on when their validators hand them out again"}});
    const auto contacts = contacts_of(*store->database, hotkeys_of(options.identities));
    if (!contacts) {
        log.error("cannot start", {{"error", contacts.error().message()}});
        return ExitCode::storage;
    }
    resume(*contacts, options.identities, options);

    auto recipe = read_recipe(options.settings);
    if (!recipe) {
        log.error("cannot start", {{"error", recipe.error().message()}});
        return ExitCode::usage;
    }

    auto cockpit = open_cockpit(io, options, *store);
    if (!cockpit) return no_cockpit(cockpit.error(), log);
    if (*cockpit)
        log.info("status page", {{"url", "http://" + network::authority((*cockpit)->address().host,
                                                                        (*cockpit)->port())}});

    auto fleet = Fleet::build(lanes, log, options.settings.generator);
    if (!fleet) {
        log.error("cannot start", {{"error", fleet.error().message()},
                                   {"remedy", "see generator.remote in `miner config --print`"}});
        return ExitCode::usage;
    }
    if (*cockpit) show_stations(**cockpit, **fleet);

    Service service(io.get_executor());
    Ending ending;
    Production production(lanes, **fleet, log, std::move(*recipe));
    const auto draining = [&] {
        service.stopping();
        if (*cockpit) (*cockpit)->state().draining();
    };
    asio::co_spawn(
        io, watch_signals(signals, stop, options.settings.run.grace, log, {.first = draining}),
        asio::detached);
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const auto loaded = co_await (*fleet)->load(options.make_generator, Start::warm);
            if (!loaded) {
                ending.no_model = loaded.error();
                co_return;
            }
            if (stop.asked()) co_return co_await (*fleet)->unload();
            const auto model = (*fleet)->info();
            if (*cockpit) (*cockpit)->state().model_ready(model);
            service.ready(model.name);
            log.info("model ready", {{"model", model.name},
                                     {"device", model.device},
                                     {"dtype", model.dtype},
                                     {"parameters", model.parameters}});
            co_await mine(options, *contacts, lanes, *store, **fleet, production, stop,
                          cockpit->get(), ending.device_lost);
            co_await (*fleet)->unload();
        },
        [&](std::exception_ptr error) {
            ending.failure = error;
            signals.cancel();
            service.end();
            if (*cockpit) (*cockpit)->stop();
        });
    if (*cockpit) asio::co_spawn(io, (*cockpit)->run(), asio::detached);
    io.run();
    return conclude(ending, log);
}

}  // namespace miner

#include "miner/app.hpp"

#include "miner/host.hpp"
#include "miner/mining/chain_link.hpp"
#include "miner/mining/cooldowns.hpp"
#include "miner/mining/record_watch.hpp"
#include "miner/mining/store.hpp"
#include "miner/mining/worker.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "network/await_all.hpp"
#include "network/http/url.hpp"
#include "network/subnet/dendrite.hpp"

#include <chrono>
#include <span>
#include <stdexcept>

namespace miner {
namespace {

// Awaits all children; when one throws, the others are stopped and the first exception goes on.
asio::awaitable<void> all_of(std::vector<asio::awaitable<void>> children, Stop& stop) {
    for (auto& child : children) child = guarded(std::move(child), stop);
    co_await network::await_all(std::move(children));
}

network::Dendrite::Options dendrite_options(const config::Schedule& schedule,
                                            const Clocks& clocks) {
    return {.connect_timeout = schedule.connect_timeout,
            .pull_timeout = schedule.pull_timeout,
            .submit_timeout = schedule.submit_timeout,
            .max_answer_bytes = schedule.max_answer_bytes,
            .now_ns = clocks.unix_ns};
}

void show_chain(StatusServer& status_server, const network::Rpc& rpc) {
    status_server.state().ask_chain([&rpc]() -> std::optional<ChainState> {
        const auto came = rpc.head_at();
        if (!came) return std::nullopt;
        const std::chrono::duration<double> age = std::chrono::steady_clock::now() - *came;
        return ChainState{rpc.head(), age.count()};
    });
}

// Of so many of the newest tasks the splats of every scored candidate stay on disk, for the page to
// compare them: some 10 MB each.
constexpr int kComparable = 8;

// Nothing where none is asked for, or it cannot be read: then calibration begins anew.
std::vector<storage::PredictedScore> predicted_before(storage::Database& database,
                                                      const AppOptions& options) {
    if (options.settings.score.model.empty()) return {};
    auto known = storage::predicted_scores(database, {});
    if (known) return std::move(*known);
    options.log.warn("predictions of earlier runs", {{"error", known.error().message()}});
    return {};
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

// All that mines, in the order in which it is built.
class Mining {
public:
    // `contacts` are of earlier runs. All of them outlive it.
    Mining(AppOptions& options, const Contacts& contacts, Store& store, Host& host)
        : options_(options),
          contacts_(contacts),
          store_(store),
          host_(host),
          dendrite_(dendrite_options(options.settings.schedule, options.clocks)),
          roster_(std::move(options.identities)),
          chain_(open_chain()),
          records_({.lanes = host.lanes(),
                    .database = *store.database,
                    .stop = host.stop(),
                    .log = options.log,
                    .hindered = hindrance("database"),
                    .again = options.settings.schedule.idle}),
          pipeline_({host.lanes(), host.production(), dendrite_, *store.journal, *store.artifacts,
                     host.stop(), options.log, options.settings, observer(), options.clocks,
                     predicted_before(*store.database, options)}),
          slots_(host.io().get_executor(), 0) {
        if (chain_ && host.status_server()) show_chain(*host.status_server(), chain_->rpc());
    }
    Mining(const Mining&) = delete;
    Mining& operator=(const Mining&) = delete;
    // Whoever looks at the page sees the chain's blocks as long as it is there.
    ~Mining() {
        if (host_.status_server()) host_.status_server()->state().ask_chain({});
    }

    asio::awaitable<void> run() {
        std::vector<asio::awaitable<void>> children;
        children.push_back(turns());
        if (chain_) children.push_back(chain_->run());
        co_await all_of(std::move(children), host_.stop());
        co_await pipeline_.finish();
        if (pipeline_.device_lost()) host_.device_was_lost();
    }

private:
    // The chain goes on until these have ended, for what they wait for may come from there.
    asio::awaitable<void> turns() {
        std::vector<asio::awaitable<void>> children;
        children.push_back(follow_places());
        children.push_back(work(roster_, pipeline_, slots_, host_.stop(),
                                options_.settings.schedule.idle, options_.finished,
                                options_.clocks));
        children.push_back(host_.backends().watch(host_.stop()));
        children.push_back(prune_hourly(store_, host_.lanes(), host_.stop(),
                                        options_.settings.storage, options_.log));
        children.push_back(records_.run());
        co_await all_of(std::move(children), host_.stop());
    }

    // As many slots as the backends have places, and one more: one task's network and disk run
    // under another's computing.
    asio::awaitable<void> follow_places() {
        auto& backends = host_.backends();
        auto& stop = host_.stop();
        while (!stop.asked()) {
            const auto seen = backends.version();
            slots_.set_count(backends.places() + 1);
            auto changing = backends.changed(seen);
            auto waiting = stop.unless_asked(std::move(changing));
            co_await std::move(waiting);
        }
    }

    // Null when the chain is not asked, neither for validators nor for who may call. Validators
    // that are known only now are left alone as they asked in earlier runs. Those that the file of
    // an earlier run has are there at once.
    std::unique_ptr<ChainLink> open_chain() {
        auto* callers = host_.status_server() ? host_.status_server()->signed_callers() : nullptr;
        if (callers && !callers->needs_subnet()) callers = nullptr;
        if (!options_.chain && !callers) return nullptr;
        auto endpoints = network::endpoints(options_.settings.subtensor);
        if (!endpoints) throw std::invalid_argument(endpoints.error().message());
        auto chain = std::make_unique<ChainLink>(
            host_.io().get_executor(), std::move(*endpoints),
            ChainLink::Services{
                .identities = options_.chain ? roster_.identities() : std::span<Identity>(),
                .stop = host_.stop(),
                .lanes = host_.lanes(),
                .log = options_.log,
                .settings = options_.settings,
                .folder = options_.folder,
                .named = options_.named,
                .subnet =
                    [callers](std::shared_ptr<const network::Metagraph> graph) {
                        if (callers) callers->subnet(std::move(graph));
                    },
                .first_validators =
                    [this] {
                        resume_cooldowns(contacts_, roster_.identities(), options_.clocks,
                                         options_.settings.schedule.validation_lock, options_.log);
                    },
                .hindered = hindrance("chain")});
        chain->watch().restore();
        return chain;
    }

    // What is in the way, as the page and /health show it.
    std::function<void(Hindrance)> hindrance(std::string what) {
        auto* server = host_.status_server();
        if (!server) return {};
        return [server, what = std::move(what)](Hindrance hindrance) {
            server->state().hindered(what, std::move(hindrance));
        };
    }

    Observer observer() {
        auto observer = host_.status_server()
                            ? host_.status_server()->observer(std::move(options_.observer))
                            : std::move(options_.observer);
        observer.recorded = [this](const config::Result<void>& step) { records_.recorded(step); };
        if (options_.chain) watch_validators(observer, chain_->watch());
        return observer;
    }

    AppOptions& options_;
    const Contacts& contacts_;
    Store& store_;
    Host& host_;
    network::Dendrite dendrite_;
    Roster roster_;
    std::unique_ptr<ChainLink> chain_;
    RecordWatch records_;
    Pipeline pipeline_;
    Slots slots_;
};

// The status page and its interface, if asked for; it answers while the model still loads.
std::optional<ExitCode> open_status_server(Host& host, const AppOptions& options,
                                           const Store& store) {
    if (options.settings.http.listen.empty()) return std::nullopt;
    const auto failed = host.open_status_server(
        {.settings = options.settings,
         .folder = options.folder,
         .archive = std::make_unique<Archive>(
             options.folder / "miner.db", *store.artifacts,
             storage::KeptSplats(options.folder / "candidates", kComparable, store.database.get()),
             [&log = options.log](const config::Error& error) {
                 log.warn("candidate not kept", {{"error", error.message()},
                                                 {"hint", "only the page's comparison misses it"}});
             }),
         .hotkeys = hotkeys_of(options.identities)});
    if (failed) return failed;
    auto& server = *host.status_server();
    server.state().scored_by(options.scored_by);
    options.log.info(
        "status page",
        {{"url", "http://" + network::authority(server.address().host, server.port())}});
    return std::nullopt;
}

}  // namespace

ExitCode run_app(AppOptions options) {
    auto& log = options.log;
    const auto lock = InstanceLock::take(options.folder);
    if (!lock) {
        const bool taken = lock.error().code == boost::system::errc::device_or_resource_busy;
        log.error(
            "cannot start",
            {{"error", lock.error().message()},
             {"remedy", taken ? "stop the other miner, or choose another folder with --storage.path"
                              : "see to it that this user can write there, or choose another "
                                "folder with --storage.path"}});
        return taken ? ExitCode::another_instance : ExitCode::storage;
    }
    config::Result<Store> store = Store();  // outlives the host, whose status server reads from it
    Host host(options.settings, log);

    store = Store::open(options.folder, options.settings, log, options.clocks.unix_ms());
    if (!store) return host.cannot_start(store.error(), "", ExitCode::storage);
    if (store->left_open > 0)
        log.info("resumed", {{"tasks", store->left_open},
                             {"hint", "they go on when their validators hand them out again"}});
    const auto contacts = contacts_of(*store->database, hotkeys_of(options.identities));
    if (!contacts) return host.cannot_start(contacts.error(), "", ExitCode::storage);
    resume_cooldowns(*contacts, options.identities, options.clocks,
                     options.settings.schedule.validation_lock, log);

    if (const auto failed = open_status_server(host, options, *store)) return *failed;
    host.device_patience(options.device_patience);
    if (const auto failed = host.open_backends(options.make_predictor)) return *failed;
    return host.run(options.make_generator, [&]() -> asio::awaitable<void> {
        Mining mining(options, *contacts, *store, host);
        co_await mining.run();
    });
}

}  // namespace miner

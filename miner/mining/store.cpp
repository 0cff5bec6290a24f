#include "miner/mining/store.hpp"

#include "config/keys.hpp"
#include "config/version.hpp"
#include "storage/report.hpp"

#include <chrono>

namespace miner {

config::Result<Store> Store::open(const std::filesystem::path& folder,
                                  const config::Settings& settings, config::Logger& log,
                                  std::int64_t now_ms) {
    Store store;
    auto database = storage::Database::open(folder / "miner.db");
    if (!database) return database.error();
    store.database = std::move(*database);
    if (store.database->finished_restore())
        log.warn("restore finished",
                 {{"hint", "it was cut off; what was there before is miner.db.before-restore"}});
    store.journal = std::make_unique<storage::Journal>(
        *store.database, std::string(config::version()), config::settings_hash(settings), now_ms);
    auto recovered = store.journal->recover(now_ms);
    if (!recovered) return recovered.error();
    store.left_open = *recovered;
    auto artifacts = storage::Artifacts::open(folder / "assets");
    if (!artifacts) return artifacts.error();
    store.artifacts.emplace(std::move(*artifacts));
    return store;
}

config::Result<int> Store::prune(const config::Storage& limits) {
    auto unanswered = storage::unanswered_assets(*database);
    if (!unanswered) return unanswered.error();
    return artifacts->prune(limits.keep_days, limits.keep_gb,
                            {unanswered->begin(), unanswered->end()});
}

asio::awaitable<void> prune_hourly(Store& store, Lanes& lanes, Stop& stop,
                                   const config::Storage& limits, config::Logger& log) {
    do {
        const auto removed = co_await run_on(lanes.db, [&] { return store.prune(limits); });
        if (!removed)
            log.warn("not pruned", {{"error", removed.error().message()}});
        else if (*removed > 0)
            log.info("pruned", {{"assets", *removed}});
    } while (co_await stop.sleep(std::chrono::hours(1)));
}

}  // namespace miner

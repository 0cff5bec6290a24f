// The database of a run with what stands on it: the journal of its tasks and the results on disk.
// Used on the db lane only.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/runtime/lanes.hpp"
#include "miner/runtime/stop.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

namespace miner {

struct Store {
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::Journal> journal;
    std::optional<storage::Artifacts> artifacts;
    int left_open = 0;  // tasks of an earlier run

    // Opens or makes `folder`/miner.db and `folder`/assets, ends a restore that was cut off, and
    // settles what an earlier run left. Fails as these do.
    static config::Result<Store> open(const std::filesystem::path& folder,
                                      const config::Settings& settings, config::Logger& log,
                                      std::int64_t now_ms);

    // Removes results beyond the limits whose tasks are answered; how many.
    config::Result<int> prune(const config::Storage& limits);
};

// Prunes every hour until stopping is asked for.
asio::awaitable<void> prune_hourly(Store& store, Lanes& lanes, Stop& stop,
                                   const config::Storage& limits, config::Logger& log);

}  // namespace miner

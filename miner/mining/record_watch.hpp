// Whether the database takes what is recorded: by what the pipeline records, and by a look now and
// then, as for hours there may be nothing to record. While it does not, a pulled task would be
// dropped, so nothing can be earned. Lives on io.
#pragma once

#include "config/log.hpp"
#include "miner/mining/hindrance.hpp"
#include "miner/runtime/lanes.hpp"
#include "miner/runtime/stop.hpp"
#include "storage/database.hpp"

#include <chrono>
#include <functional>

namespace miner {

class RecordWatch {
public:
    struct Services {
        Lanes& lanes;
        storage::Database& database;  // on lanes.db
        Stop& stop;
        config::Logger& log;
        std::function<void(Hindrance)> hindered;  // whenever it changes; may be empty
        std::chrono::milliseconds again{10'000};  // between looks while it fails
        std::chrono::milliseconds calm{60'000};   // and while all is well
    };

    explicit RecordWatch(Services services) : s_(std::move(services)) {}

    // What became of a step of the journal.
    void recorded(const config::Result<void>& result);

    // Looks until stopping is asked for.
    asio::awaitable<void> run();

private:
    asio::awaitable<void> look();
    void set(const config::Error* failure);

    Services s_;
    boost::system::error_code failing_;  // of the last step; none: it was recorded
};

}  // namespace miner

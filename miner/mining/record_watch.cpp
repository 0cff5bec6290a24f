#include "miner/mining/record_watch.hpp"

#include "storage/errc.hpp"

namespace miner {
namespace {

using storage::Errc;

// A step that cannot follow what is there is a mistake of ours, and says nothing about the disk.
bool is_of_the_database(const config::Error& error) {
    return error.code != Errc::out_of_order && error.code != Errc::missing;
}

}  // namespace

void RecordWatch::recorded(const config::Result<void>& result) {
    if (result) return set(nullptr);
    const config::Error error = result.error();
    if (is_of_the_database(error)) set(&error);
}

asio::awaitable<void> RecordWatch::run() {
    auto looked = std::chrono::steady_clock::time_point::min();
    // No `continue` in here: g++ 12 goes on without awaiting the condition.
    do {
        const auto now = std::chrono::steady_clock::now();
        if (failing_ || looked + s_.calm <= now) {
            looked = now;
            co_await look();
        }
    } while (co_await s_.stop.sleep(s_.again));
}

asio::awaitable<void> RecordWatch::look() {
    const auto taken = co_await run_on(s_.lanes.db, [&] { return s_.database.probe(); });
    // It does not see what is wrong with single tables: only a step that succeeds does.
    if (!taken || failing_ != Errc::corrupt) recorded(taken);
}

void RecordWatch::set(const config::Error* failure) {
    const auto code = failure ? failure->code : boost::system::error_code();
    if (code == failing_) return;
    failing_ = code;
    if (failure)
        s_.log.error("database not writable",
                     {{"error", failure->message()},
                      {"hint", "tasks wait at their validators; it goes on by itself"},
                      {"remedy", "make room, or mend the folder that storage.path names"}});
    else
        s_.log.info("database writable again", {});
    if (!s_.hindered) return;
    if (failure)
        s_.hindered({"nothing can be recorded: the database cannot be written (see storage.path)",
                     failure->message()});
    else
        s_.hindered({});
}

}  // namespace miner

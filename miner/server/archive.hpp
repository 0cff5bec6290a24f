// What the database and the assets tell, read beside the pipeline on threads of its own, so that
// nobody who looks at the miner can slow it down. Calls come from io.
#pragma once

#include "miner/runtime/lanes.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/listing.hpp"
#include "storage/predictions.hpp"
#include "storage/report.hpp"

#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace miner {

class Archive {
public:
    static constexpr int kPredictions = 2'000;

    // The database must be there already.
    Archive(std::filesystem::path database, storage::Artifacts artifacts);

    asio::awaitable<config::Result<storage::Statistics>> statistics(storage::Span span);
    asio::awaitable<config::Result<std::vector<storage::Contact>>> contacts();
    // The newest kPredictions of all kinds.
    asio::awaitable<config::Result<std::vector<storage::PredictedScore>>> predictions(
        storage::Span span);
    asio::awaitable<config::Result<std::vector<storage::TaskLine>>> tasks(
        int limit, std::optional<storage::TaskRow> before);
    asio::awaitable<config::Result<storage::TaskStory>> task(storage::TaskRow row);
    asio::awaitable<config::Result<std::vector<std::uint8_t>>> asset(std::string hash);

    // A PNG of the result as the validator's page shows it, rendered when first asked for, by one
    // thread of the lowest priority.
    asio::awaitable<config::Result<std::string>> preview(std::string hash);
    // 32 bytes a Gaussian, the largest first: centre and standard deviations as floats, RGB and
    // opacity, rotation w x y z as 128 + 127.5 * component. Little endian.
    asio::awaitable<config::Result<std::string>> splats(std::string hash);

private:
    using Read = config::Result<storage::Database*>;
    Read open();  // on reader_
    template <class Fn>
    asio::awaitable<std::invoke_result_t<Fn, storage::Database&>> read(Fn fn);

    std::filesystem::path file_;
    storage::Artifacts artifacts_;
    std::unique_ptr<storage::Database> database_;              // on reader_
    std::list<std::pair<std::string, std::string>> previews_;  // by hash, newest first; on io
    asio::thread_pool reader_{1}, slow_{1};
};

}  // namespace miner

// What the database and the assets tell, read beside the pipeline on threads of its own, so that
// nobody who looks at the miner can slow it down. Calls come from io.
#pragma once

#include "generator/splat/splat_file.hpp"
#include "miner/runtime/lanes.hpp"
#include "network/event.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/kept_splats.hpp"
#include "storage/listing.hpp"
#include "storage/predictions.hpp"
#include "storage/report.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace miner {

class Archive {
public:
    static constexpr int kPredictions = 2'000;

    // Splats on disk: a result by its content hash, or those of an attempt that were kept.
    using Source = std::variant<std::string, storage::KeptName>;
    // Of what is converted: some 320 MB of memory at most, and 170 MB until it is sent.
    static constexpr std::int64_t kMostConverted = 2'000'000;

    // The database must be there already. `not_kept` hears of the first splats that keep() could
    // not keep, on a thread of ours; it may be empty.
    Archive(std::filesystem::path database, storage::Artifacts artifacts,
            storage::KeptSplats kept = {{}, 0},
            std::function<void(const config::Error&)> not_kept = {});

    asio::awaitable<config::Result<storage::Statistics>> statistics(storage::Span span);
    asio::awaitable<config::Result<std::vector<storage::Contact>>> contacts();
    // The newest kPredictions of all kinds.
    asio::awaitable<config::Result<std::vector<storage::PredictedScore>>> predictions(
        storage::Span span);
    asio::awaitable<config::Result<storage::TaskListing>> tasks(
        storage::TaskFilter filter, int limit, std::optional<storage::TaskRow> before);
    struct Story {
        storage::TaskStory told;
        std::vector<storage::KeptName> kept;
    };
    asio::awaitable<config::Result<Story>> task(storage::TaskRow row);
    asio::awaitable<config::Result<std::vector<std::uint8_t>>> spz(Source source);

    // Whether splats of attempts are kept for those who compare, and does so, some time later.
    bool keeps() const { return kept_.tasks() > 0; }
    void keep(storage::KeptName name, std::shared_ptr<const std::vector<std::uint8_t>> spz);

    // A PNG of the result as the validator's page shows it, rendered when first asked for, by one
    // thread of the lowest priority. Fails with generator::Errc::cancelled when `gone` fires, on
    // io, before that thread comes to it; what is begun is finished, for whoever asks next.
    asio::awaitable<config::Result<std::string>> preview(Source source, std::stop_token gone);
    // As another kind of file, turned as `miner convert` does, by the same thread, and as preview()
    // where the caller is gone. Fails with bad_splats where that kind cannot hold it or it has more
    // than kMostConverted Gaussians.
    asio::awaitable<config::Result<std::string>> converted(Source source,
                                                           generator::SplatFormat format,
                                                           std::stop_token gone);
    // 32 bytes a Gaussian, the largest first: centre and standard deviations as floats, RGB and
    // opacity, rotation w x y z as 128 + 127.5 * component. Little endian.
    asio::awaitable<config::Result<std::string>> splats(Source source);

private:
    using Read = config::Result<storage::Database*>;
    Read open();  // on reader_
    template <class Fn>
    asio::awaitable<std::invoke_result_t<Fn, storage::Database&>> read(Fn fn);
    // slow_ is the caller's for as long as what this returns lives. Null: `gone` fired first.
    asio::awaitable<std::shared_ptr<void>> turn(std::stop_token gone);
    std::optional<std::string> known_preview(const Source& source);

    std::filesystem::path file_;
    storage::Artifacts artifacts_;
    storage::KeptSplats kept_;                            // on reader_, but for its tasks()
    std::function<void(const config::Error&)> not_kept_;  // on reader_; empty once it was told
    std::unique_ptr<storage::Database> database_;         // on reader_
    std::list<std::pair<Source, std::string>> previews_;  // newest first; on io
    bool slow_is_taken_ = false;                          // likewise
    std::optional<network::Event> turns_;                 // since somebody wants one
    asio::thread_pool reader_{1}, slow_{1};
};

}  // namespace miner

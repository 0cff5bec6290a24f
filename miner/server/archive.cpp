#include "miner/server/archive.hpp"

#include "generator/errc.hpp"
#include "generator/image/decode.hpp"
#include "generator/render/picture.hpp"
#include "generator/splat/spz.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace miner {
namespace {

constexpr std::size_t kPreviews = 128;
constexpr int kPreviewSide = 256;
constexpr std::int64_t kMostPayload = 40 << 20;  // of an SPZ that is converted

// Linux gives each thread a niceness of its own.
void be_nice() { ::setpriority(PRIO_PROCESS, id_t(::syscall(SYS_gettid)), 19); }

config::Result<std::string> render(const std::vector<std::uint8_t>& spz) {
    const auto file = generator::read_spz(spz);
    if (!file) return file.error();
    const auto scene = generator::validator_scene(file->splats);
    auto orbit = generator::validator_orbit(generator::kPreviewView);
    orbit.width = orbit.height = kPreviewSide;
    const auto rendering = generator::rasterize(generator::gaussians(scene, file->splats.rotation),
                                                generator::orbit_camera(orbit), {.threads = 1});
    if (!rendering) return rendering.error();
    const auto png = generator::encode_png(generator::to_picture(*rendering));
    return std::string(png.begin(), png.end());
}

config::Result<std::string> convert(std::vector<std::uint8_t> spz, generator::SplatFormat format) {
    const generator::SpzLimits limits{
        .max_gaussians = Archive::kMostConverted, .max_bytes = kMostPayload, .threads = 1};
    if (generator::is_spz(format)) {
        const auto bytes = generator::exchange_spz(spz, format, {.threads = 1}, limits);
        if (!bytes) return bytes.error();
        return std::string(bytes->begin(), bytes->end());
    }
    auto file = generator::read_spz(spz, limits);
    if (!file) return file.error();
    spz = {};
    // What we send has +y up (export.up), as `miner convert` takes SPZ to have.
    generator::turn_about_x(file->splats, generator::quarter_turns(generator::UpAxis::plus_y,
                                                                   generator::up_axis(format)));
    const auto bytes = generator::write_splats(file->splats, format, {.threads = 1});
    if (!bytes) return bytes.error();
    file->splats = {};
    return std::string(bytes->begin(), bytes->end());
}

config::Error nobody_waits() {
    return config::fail(generator::Errc::cancelled, "nobody waits for it any more");
}

std::uint8_t to_byte(float value) {
    return std::uint8_t(std::clamp(std::isfinite(value) ? value : 0.0f, 0.0f, 255.0f) + 0.5f);
}

config::Result<std::string> pack_for_viewer(const std::vector<std::uint8_t>& spz) {
    static_assert(std::endian::native == std::endian::little);
    const auto file = generator::read_spz(spz);
    if (!file) return file.error();
    const auto& splats = file->splats;
    std::vector<std::uint32_t> order(splats.size());
    std::iota(order.begin(), order.end(), 0u);
    std::vector<float> weight(splats.size());
    for (std::size_t i = 0; i < splats.size(); ++i) {
        const auto& s = splats.log_scale[i];
        const float opacity = 1 / (1 + std::exp(-splats.logit[i]));
        weight[i] = s[0] + s[1] + s[2] + std::log(opacity + 1e-6f);
        if (!std::isfinite(weight[i])) weight[i] = -1e9f;
    }
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return weight[a] > weight[b]; });
    constexpr std::size_t kRow = 32;
    constexpr float kDegree0 = 0.28209479f;
    std::string bytes(kRow * splats.size(), '\0');
    char* row = bytes.data();
    for (const auto i : order) {
        const auto& p = splats.position[i];
        const auto& s = splats.log_scale[i];
        const float floats[6] = {p[0], p[1], p[2], std::exp(s[0]), std::exp(s[1]), std::exp(s[2])};
        std::memcpy(row, floats, sizeof floats);
        std::uint8_t packed[8];
        for (int k = 0; k < 3; ++k)
            packed[k] = to_byte(255 * (0.5f + kDegree0 * splats.colour[i][std::size_t(k)]));
        packed[3] = to_byte(255 / (1 + std::exp(-splats.logit[i])));
        const auto& q = splats.rotation[i];
        const float length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        for (int k = 0; k < 4; ++k)
            packed[4 + k] = to_byte(128 + 127.5f * q[std::size_t(k)] / length);
        std::memcpy(row + sizeof floats, packed, sizeof packed);
        row += kRow;
    }
    return bytes;
}

}  // namespace

Archive::Archive(std::filesystem::path database, storage::Artifacts artifacts,
                 storage::KeptSplats kept, std::function<void(const config::Error&)> not_kept)
    : file_(std::move(database)),
      artifacts_(std::move(artifacts)),
      kept_(std::move(kept)),
      not_kept_(std::move(not_kept)) {}

Archive::Read Archive::open() {
    if (!database_) {
        auto opened = storage::Database::open(file_, {.read_only = true});
        if (!opened) return opened.error();
        database_ = std::move(*opened);
    }
    return database_.get();
}

template <class Fn>
asio::awaitable<std::invoke_result_t<Fn, storage::Database&>> Archive::read(Fn fn) {
    co_return co_await run_on(reader_,
                              [this, &fn]() -> std::invoke_result_t<Fn, storage::Database&> {
                                  const auto database = open();
                                  if (!database) return database.error();
                                  return fn(**database);
                              });
}

asio::awaitable<config::Result<storage::Statistics>> Archive::statistics(storage::Span span) {
    co_return co_await read(
        [&](storage::Database& database) { return storage::statistics(database, span); });
}

asio::awaitable<config::Result<std::vector<storage::Contact>>> Archive::contacts() {
    co_return co_await read(
        [](storage::Database& database) { return storage::contacts(database, ""); });
}

asio::awaitable<config::Result<std::vector<storage::PredictedScore>>> Archive::predictions(
    storage::Span span) {
    co_return co_await read([&](storage::Database& database) {
        return storage::predicted_scores(database, span, kPredictions);
    });
}

asio::awaitable<config::Result<storage::TaskListing>> Archive::tasks(
    storage::TaskFilter filter, int limit, std::optional<storage::TaskRow> before) {
    co_return co_await read([&](storage::Database& database) {
        return storage::find_tasks(database, filter, limit, before);
    });
}

asio::awaitable<config::Result<Archive::Story>> Archive::task(storage::TaskRow row) {
    co_return co_await read([&](storage::Database& database) -> config::Result<Story> {
        auto told = storage::task_story(database, row);
        if (!told) return told.error();
        return Story{std::move(*told), kept_.of(row)};
    });
}

asio::awaitable<config::Result<std::vector<std::uint8_t>>> Archive::spz(Source source) {
    co_return co_await run_on(reader_, [&] {
        const auto* hash = std::get_if<std::string>(&source);
        return hash ? artifacts_.get(*hash) : kept_.get(std::get<storage::KeptName>(source));
    });
}

void Archive::keep(storage::KeptName name, std::shared_ptr<const std::vector<std::uint8_t>> spz) {
    asio::post(reader_, [this, name, spz = std::move(spz)] {
        const auto kept = kept_.put(name, *spz);
        if (!kept && not_kept_) std::exchange(not_kept_, {})(kept.error());
    });
}

// Callers have places among the few results that may be on their way, and a page that is loaded
// anew asks for its pictures once more: who has hung up must not hold one until the thread is free.
asio::awaitable<std::shared_ptr<void>> Archive::turn(std::stop_token gone) {
    if (!turns_) turns_.emplace(co_await asio::this_coro::executor);
    const std::stop_callback hung_up(gone, [this] { turns_->happen(); });
    while (slow_is_taken_ && !gone.stop_requested()) {
        co_await turns_->wait();
    }
    if (gone.stop_requested()) co_return std::shared_ptr<void>();
    slow_is_taken_ = true;
    co_return std::shared_ptr<void>(this, [this](void*) {
        slow_is_taken_ = false;
        turns_->happen();
    });
}

std::optional<std::string> Archive::known_preview(const Source& source) {
    const auto known = std::find_if(previews_.begin(), previews_.end(),
                                    [&](const auto& entry) { return entry.first == source; });
    if (known == previews_.end()) return std::nullopt;
    previews_.splice(previews_.begin(), previews_, known);
    return previews_.front().second;
}

asio::awaitable<config::Result<std::string>> Archive::preview(Source source, std::stop_token gone) {
    if (auto known = known_preview(source)) co_return std::move(*known);
    auto waiting = turn(std::move(gone));
    const auto mine = co_await std::move(waiting);
    if (!mine) co_return nobody_waits();
    // Who was before may have asked for the same.
    if (auto known = known_preview(source)) co_return std::move(*known);
    const auto bytes = co_await spz(source);
    if (!bytes) co_return bytes.error();
    auto png = co_await run_on(slow_, [&] {
        be_nice();
        return render(*bytes);
    });
    if (png) {
        previews_.emplace_front(source, *png);
        if (previews_.size() > kPreviews) previews_.pop_back();
    }
    co_return png;
}

asio::awaitable<config::Result<std::string>> Archive::converted(Source source,
                                                                generator::SplatFormat format,
                                                                std::stop_token gone) {
    auto waiting = turn(std::move(gone));
    const auto mine = co_await std::move(waiting);
    if (!mine) co_return nobody_waits();
    auto bytes = co_await spz(source);
    if (!bytes) co_return bytes.error();
    co_return co_await run_on(slow_, [&] {
        be_nice();
        return convert(std::move(*bytes), format);
    });
}

asio::awaitable<config::Result<std::string>> Archive::splats(Source source) {
    const auto bytes = co_await spz(source);
    if (!bytes) co_return bytes.error();
    // Somebody looks at an empty frame until it is there, and it is soon made.
    co_return co_await run_on(reader_, [&] { return pack_for_viewer(*bytes); });
}

}  // namespace miner

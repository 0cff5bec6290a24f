#include "weights/fetch_model.hpp"

#include "config/durable_file.hpp"
#include "config/whole_file.hpp"
#include "network/errc.hpp"
#include "weights/digest.hpp"
#include "weights/model_plan.hpp"
#include "weights/part_file.hpp"
#include "weights/weights_lock.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace weights {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using config::fail;
using config::Result;

constexpr auto kPipeline = "pipeline.json";
constexpr std::int64_t kMostPipelineBytes = 1 << 20;
constexpr std::int64_t kSpareBytes = 64 << 20;  // left to everybody else on the disk

struct Planned {
    Wanted wanted;
    RemoteFile remote;
    std::string commit;

    std::string source() const { return wanted.repository + "@" + commit + ":" + wanted.from; }
};

// Files of any repositories into one folder, with its lock.
class FileFetch {
public:
    FileFetch(Hub& hub, fs::path folder, FetchWatch watch)
        : hub_(hub), folder_(std::move(folder)), watch_(std::move(watch)) {}

    const fs::path& folder() const { return folder_; }

    // What a repository holds; asked once.
    asio::awaitable<Result<const Listing*>> listing(std::string repository, std::string revision) {
        const auto key = repository + "@" + revision;
        if (const auto known = listings_.find(key); known != listings_.end())
            co_return &known->second;
        auto listed = co_await hub_.list(repository, revision);
        if (!listed) co_return listed.error();
        co_return &listings_.emplace(key, std::move(*listed)).first->second;
    }

    asio::awaitable<Result<std::vector<Planned>>> plan(std::vector<Wanted> wanted) {
        std::vector<Planned> planned;
        for (const auto& each : wanted) {
            const auto there = co_await listing(each.repository, each.revision);
            if (!there) co_return there.error();
            const auto* remote = (*there)->find(each.from);
            if (!remote)
                co_return fail(network::Errc::malformed,
                               each.repository + ": has no file " + each.from);
            planned.push_back({each, *remote, (*there)->commit});
        }
        co_return planned;
    }

    // What is there and right stays; the rest comes, if there is room for it.
    asio::awaitable<Result<void>> run(std::vector<Planned> planned, FreeBytes free_bytes) {
        if (auto known = recall(); !known) co_return known.error();
        std::vector<Planned> due;
        std::int64_t bytes = 0, taken = 0;
        for (auto& each : planned) {
            if (is_there(each)) continue;
            const auto found = recognise(each);
            if (!found) co_return found.error();
            if (*found) continue;
            bytes += each.remote.size;
            taken += std::min(part_bytes(folder_ / each.wanted.to), each.remote.size);
            due.push_back(std::move(each));
        }
        const auto room = free_bytes(folder_);
        if (room >= 0 && bytes - taken + kSpareBytes > room)
            co_return fail(network::Errc::no_space,
                           folder_.string() + ": " + std::to_string((bytes - taken) >> 20) +
                               " MiB are to come, " + std::to_string(room >> 20) +
                               " MiB are free; make room, or choose another weights.path");
        if (watch_.plan) watch_.plan(due.size(), bytes);
        for (auto& each : due)
            if (auto come = co_await fetch(std::move(each)); !come) co_return come;
        co_return Result<void>();
    }

    // The lock has it from now on.
    Result<void> note(LockedFile file) {
        file.verified_mtime_ns = mtime_ns(folder_ / file.path);
        if (auto* known = lock_.find(file.path))
            *known = std::move(file);
        else
            lock_.files.push_back(std::move(file));
        return write_lock(folder_, lock_);
    }

private:
    // What the folder holds and is right. A lock that cannot be read is made anew.
    Result<void> recall() {
        auto lock = read_lock(folder_);
        if (!lock && lock.error().code == network::Errc::malformed) {
            if (watch_.notice) watch_.notice(lock.error().detail);
            return {};
        }
        if (!lock) return lock.error();
        const auto verdicts = verify(folder_, Verify::changed);
        if (!verdicts) return verdicts.error();
        lock = read_lock(folder_);  // with what was found right just now
        if (!lock) return lock.error();
        if (*lock) lock_ = std::move(**lock);
        for (const auto& verdict : *verdicts) right_[verdict.path] = verdict.fault.empty();
        return {};
    }

    bool is_there(const Planned& each) {
        const auto* locked = lock_.find(each.wanted.to);
        if (!locked || !right_[each.wanted.to]) return false;
        return locked->source == each.source() ||
               (!each.remote.sha256.empty() && locked->sha256 == each.remote.sha256);
    }

    // A file that the lock does not know may still be what the hub has: the lock was damaged, or a
    // fetch was cut off between the two.
    Result<bool> recognise(const Planned& each) {
        const auto file = folder_ / each.wanted.to;
        std::error_code none;
        if (lock_.find(each.wanted.to) ||
            fs::file_size(file, none) != std::uintmax_t(each.remote.size) || none)
            return false;
        const auto digest = sha256_of(file);
        if (!digest) return digest.error();
        if (each.remote.sha256.empty()) {
            const auto blob = git_blob_sha1_of(file);
            if (!blob) return blob.error();
            if (*blob != each.remote.git_sha1) return false;
        } else if (*digest != each.remote.sha256) {
            return false;
        }
        if (auto noted = note({each.wanted.to, each.source(), each.remote.size, *digest, 0});
            !noted)
            return noted.error();
        return true;
    }

    asio::awaitable<Result<void>> fetch(Planned each) {
        if (watch_.file) watch_.file(each.wanted.to, each.remote.size);
        const auto progress = watch_.progress ? watch_.progress : [](std::int64_t) {};
        auto digest = co_await hub_.fetch(each.wanted.repository, each.commit, each.remote,
                                          folder_ / each.wanted.to, progress);
        if (!digest) co_return digest.error();
        co_return note({each.wanted.to, each.source(), each.remote.size, *digest, 0});
    }

    Hub& hub_;
    const fs::path folder_;
    FetchWatch watch_;
    std::map<std::string, Listing> listings_;  // by OWNER/NAME@REVISION
    WeightsLock lock_;
    std::map<std::string, bool> right_;
};

// A TRELLIS pipeline: its pipeline.json says which files it needs.
class ModelFetch {
public:
    ModelFetch(Hub& hub, std::string repository, std::string revision, fs::path folder,
               FetchWatch watch)
        : hub_(hub),
          repository_(std::move(repository)),
          revision_(std::move(revision)),
          files_(hub, std::move(folder), std::move(watch)) {}

    asio::awaitable<Result<void>> run(FreeBytes free_bytes) {
        auto wanted = co_await read_pipeline();
        if (!wanted) co_return wanted.error();
        auto planned = co_await files_.plan(std::move(*wanted));
        if (!planned) co_return planned.error();
        if (auto come = co_await files_.run(std::move(*planned), std::move(free_bytes)); !come)
            co_return come;
        co_return publish();
    }

private:
    fs::path waiting_pipeline() const { return files_.folder() / "pipeline.json.fetched"; }

    asio::awaitable<Result<std::vector<Wanted>>> read_pipeline() {
        const auto own = co_await files_.listing(repository_, revision_);
        if (!own) co_return own.error();
        const auto* pipeline = (*own)->find(kPipeline);
        if (!pipeline || pipeline->size > kMostPipelineBytes)
            co_return fail(network::Errc::malformed,
                           repository_ + ": no pipeline.json: not a TRELLIS model");
        auto digest = co_await hub_.fetch(repository_, (*own)->commit, *pipeline,
                                          waiting_pipeline(), [](std::int64_t) {});
        if (!digest) co_return digest.error();
        pipeline_ = {kPipeline, repository_ + "@" + (*own)->commit + ":" + kPipeline,
                     pipeline->size, *digest, 0};

        const auto text = config::read_whole_file(waiting_pipeline(), kMostPipelineBytes);
        if (!text) co_return system_failure(waiting_pipeline(), text.error().code.value());
        auto wanted = files_of_model(repository_, *text);
        if (!wanted) co_return wanted.error();
        for (auto& each : *wanted)
            if (each.repository == repository_) each.revision = revision_;
        co_return std::move(*wanted);
    }

    Result<void> publish() {
        const auto file = files_.folder() / kPipeline;
        const auto named = config::rename_durably(waiting_pipeline(), file);
        if (!named) return system_failure(file, named.error().code.value());
        return files_.note(pipeline_);
    }

    Hub& hub_;
    const std::string repository_, revision_;
    FileFetch files_;
    LockedFile pipeline_;
};

}  // namespace

asio::awaitable<Result<void>> fetch_model(Hub& hub, std::string repository, std::string revision,
                                          fs::path folder, FetchWatch watch, FreeBytes free_bytes) {
    ModelFetch fetch(hub, std::move(repository), std::move(revision), std::move(folder),
                     std::move(watch));
    co_return co_await fetch.run(std::move(free_bytes));
}

asio::awaitable<Result<void>> fetch_files(Hub& hub, std::vector<Wanted> wanted, fs::path folder,
                                          FetchWatch watch, FreeBytes free_bytes) {
    FileFetch fetch(hub, std::move(folder), std::move(watch));
    auto planned = co_await fetch.plan(std::move(wanted));
    if (!planned) co_return planned.error();
    co_return co_await fetch.run(std::move(*planned), std::move(free_bytes));
}

std::int64_t free_bytes_at(const fs::path& folder) {
    std::error_code error;
    for (auto place = fs::absolute(folder, error); !error; place = place.parent_path()) {
        const auto space = fs::space(place, error);
        if (!error) return std::int64_t(space.available);
        if (place == place.parent_path()) break;
        error.clear();
    }
    return -1;
}

}  // namespace weights

#include "storage/artifacts.hpp"

#include "config/descriptor.hpp"
#include "config/digest.hpp"
#include "config/durable_file.hpp"
#include "config/folder_entries.hpp"
#include "storage/errc.hpp"
#include "storage/file.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <tuple>
#include <utility>

namespace storage {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHexDigits = "0123456789abcdef";
constexpr int kLongestDays = 36'500;  // a file's time does not reach much further back

bool is_hash(const std::string& name) {
    return name.size() == 64 && name.find_first_not_of(kHexDigits) == std::string::npos;
}

bool is_shelf(const fs::path& folder) {
    const auto name = folder.filename().string();
    return name.size() == 2 && name.find_first_not_of(kHexDigits) == std::string::npos;
}

std::optional<config::Error> make_folder(const fs::path& folder) {
    const auto made = config::make_folders(folder);
    return made ? std::nullopt : std::optional(failed(made.error(), folder));
}

// Whoever writes a file holds a lock on it; one without is left over from a process that died.
void sweep(const fs::path& folder) {
    std::error_code ignored;
    for (const auto& entry : config::folder_entries(folder, ignored)) {
        const auto file = config::open_file(entry.path(), O_RDWR);
        if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
            ::unlink(entry.path().c_str());
        }
    }
}

struct Asset {
    fs::file_time_type used;
    std::uintmax_t bytes;
    fs::path path;
    bool kept;
};

// Those that can be seen where `code` is set.
std::vector<Asset> oldest_first(const fs::path& folder, const std::set<std::string>& keep,
                                std::error_code& code) {
    std::vector<Asset> assets;
    for (const auto& shelf : config::folder_entries(folder, code)) {
        std::error_code passed_over;  // files come and go, and not all of them are ours
        if (!is_shelf(shelf.path()) || !shelf.is_directory(passed_over)) continue;
        std::error_code unread;
        const auto entries = config::folder_entries(shelf.path(), unread);
        if (unread && unread != std::errc::no_such_file_or_directory) code = unread;
        for (const auto& entry : entries) {
            const auto name = entry.path().filename().string();
            if (!is_hash(name) || shelf.path().filename() != name.substr(0, 2)) continue;
            const auto used = entry.last_write_time(passed_over);
            if (passed_over) continue;
            const auto bytes = entry.file_size(passed_over);
            if (passed_over) continue;
            assets.push_back({used, bytes, entry.path(), keep.count(name) > 0});
        }
    }
    std::sort(assets.begin(), assets.end(), [](const Asset& a, const Asset& b) {
        return std::tie(a.used, a.path) < std::tie(b.used, b.path);
    });
    return assets;
}

}  // namespace

config::Result<Artifacts> Artifacts::open(const fs::path& folder) {
    std::error_code code;
    const auto absolute = fs::absolute(folder, code);
    if (code) return failed(code.value(), folder);
    if (fs::exists(absolute, code) && !fs::is_directory(absolute, code)) {
        return config::fail(Errc::cannot_open, absolute.string() +
                                                   " is a file; move it away or choose another "
                                                   "storage.path");
    }
    if (auto error = make_folder(absolute)) return *error;
    if (auto error = make_folder(absolute / "tmp")) return *error;
    if (::access(absolute.c_str(), W_OK | X_OK) != 0) return failed(errno, absolute);
    sweep(absolute / "tmp");
    return Artifacts(absolute);
}

fs::path Artifacts::path(const std::string& hash) const {
    return is_hash(hash) ? folder_ / hash.substr(0, 2) / hash : fs::path();
}

config::Result<std::string> Artifacts::put(std::span<const std::uint8_t> bytes) {
    const auto hash = config::sha256(bytes);
    const auto name = path(hash);
    // Read again rather than trusted: a damaged copy must not stand in for the bytes at hand.
    if (get(hash)) {
        if (::utimensat(AT_FDCWD, name.c_str(), nullptr, 0) != 0) return failed(errno, name);
        return hash;
    }
    if (auto error = make_folder(name.parent_path())) return *error;
    if (auto error = make_folder(folder_ / "tmp")) return *error;
    if (const auto written = config::write_durably(name, bytes, folder_ / "tmp"); !written)
        return failed(written.error(), name);
    return hash;
}

config::Result<std::vector<std::uint8_t>> Artifacts::get(const std::string& hash) const {
    if (!is_hash(hash)) return config::fail(Errc::missing, "asset '" + hash.substr(0, 64) + "'");
    const auto name = path(hash);
    const auto file = config::open_file(name, O_RDONLY);
    if (!file) {
        if (errno == ENOENT || errno == ENOTDIR) return config::fail(Errc::missing, name.string());
        return failed(errno, name);
    }
    std::vector<std::uint8_t> bytes;
    if (const int error = read_all(file.get(), bytes)) return failed(error, name);
    if (config::sha256(bytes) != hash) {
        return config::fail(Errc::corrupt, name.string() + ": the content is not what was kept");
    }
    return bytes;
}

// `now` bounds what it returns and no more: it may be behind at the first call, and right later.
Artifacts::Time Artifacts::no_later(Time now, Time newest, bool is_newest) {
    const auto steady = std::chrono::steady_clock::now();
    const auto first = first_.value_or(Looked{newest, steady});
    if (is_newest) first_ = first;
    return std::min(now, first.time + (steady - first.at));
}

config::Result<int> Artifacts::prune(int keep_days, double keep_gb,
                                     const std::set<std::string>& keep, Time now) {
    std::error_code code;
    const auto assets = oldest_first(folder_, keep, code);
    const bool any = !assets.empty();
    const auto today = no_later(now, any ? assets.back().used : now, any && !code);
    const auto oldest = today - std::chrono::hours(24) * std::min(keep_days, kLongestDays);
    double total = 0;
    for (const auto& asset : assets) total += double(asset.bytes);
    int removed = 0;
    std::optional<config::Error> error;
    for (const auto& asset : assets) {
        if (asset.used >= oldest && total <= keep_gb * 1e9) break;
        if (asset.kept) continue;
        if (::unlink(asset.path.c_str()) == 0) {
            ++removed;
            total -= double(asset.bytes);
        } else if (errno != ENOENT) {
            error = failed(errno, asset.path);
        }
    }
    if (error) return *error;
    if (code) return failed(code.value(), folder_);
    return removed;
}

std::uintmax_t bytes_of_assets(const fs::path& folder) {
    std::error_code ignored;
    std::uintmax_t total = 0;
    for (const auto& asset : oldest_first(folder, {}, ignored)) total += asset.bytes;
    return total;
}

}  // namespace storage

// Results as files named by the SHA-256 of their content: written beside, synced, renamed, synced
// again, so that a name never stands for half a file. Synchronous; any one lane.
//   FOLDER/ab/ab12...   the assets, 64 hex digits, under the first two
//   FOLDER/tmp/         what is being written; swept at the start
#pragma once

#include "config/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace storage {

class Artifacts {
public:
    // Creates the folder and sweeps away what an earlier run left half-written (not what another
    // process writes right now). Fails with cannot_open, read_only, full, io.
    static config::Result<Artifacts> open(const std::filesystem::path& folder);

    // Content hash, 64 hex digits; the asset survives a power cut from here on. The same bytes
    // twice are one file, and count as used anew. Fails with full, read_only, io.
    config::Result<std::string> put(std::span<const std::uint8_t> bytes);
    // Fails with missing, io, or corrupt when the content is not what the name says.
    config::Result<std::vector<std::uint8_t>> get(const std::string& hash) const;
    // Empty for what is no content hash.
    std::filesystem::path path(const std::string& hash) const;

    using Time = std::filesystem::file_time_type;  // by the clock of the day

    // Removes what is older than `keep_days`, then the oldest until the rest is within `keep_gb`
    // (1e9 bytes); `keep` are not touched (results not yet answered) but count. Returns how many
    // it removed. Fails with read_only, io, after removing what it could. A clock that is far ahead
    // makes nothing old: no more time is taken to have passed than has by the steady clock since
    // what was newest at the first call that saw all, and any. One that is behind makes nothing old
    // until it is set right.
    config::Result<int> prune(int keep_days, double keep_gb, const std::set<std::string>& keep,
                              Time now = Time::clock::now());

private:
    explicit Artifacts(std::filesystem::path folder) : folder_(std::move(folder)) {}

    Time no_later(Time now, Time newest, bool is_newest);

    struct Looked {
        Time time;
        std::chrono::steady_clock::time_point at;
    };

    std::filesystem::path folder_;
    std::optional<Looked> first_;  // by prune()
};

// What the assets of a folder take of `keep_gb`, in bytes, as far as they can be seen; 0 where
// there is no such folder.
std::uintmax_t bytes_of_assets(const std::filesystem::path& folder);

}  // namespace storage

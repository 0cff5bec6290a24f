// Results as files named by the SHA-256 of their content: written beside, synced, renamed, so that
// a name never stands for half a file. Synchronous; any one lane.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace storage {

class Artifacts {
public:
    // Creates the folder and sweeps away what an earlier run left half-written.
    static config::Result<Artifacts> open(const std::filesystem::path& folder);

    // Content hash, 64 hex digits. The same bytes twice are one file. Fails with full, read_only,
    // io.
    config::Result<std::string> put(std::span<const std::uint8_t> bytes);
    // Fails with missing, or corrupt when the content is not what the name says.
    config::Result<std::vector<std::uint8_t>> get(const std::string& hash) const;
    std::filesystem::path path(const std::string& hash) const;

    // Removes the oldest until what remains is within both limits; `keep` are not touched (results
    // not yet answered).
    config::Result<int> prune(int keep_days, double keep_gb, const std::set<std::string>& keep);

private:
    explicit Artifacts(std::filesystem::path folder) : folder_(std::move(folder)) {}
    std::filesystem::path folder_;
};

}  // namespace storage

// Where the results of a batch go. Blocking; one thread at a time.
#pragma once

#include "config/result.hpp"
#include "miner/runtime/instance_lock.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace miner {

// For as long as it lives no other batch writes there. Files come into it whole, by renaming; what
// is being written lies in .miner/ within it, or beside its place where that is another folder,
// which may be on another disk, and is swept by the next one.
class BatchFolder {
public:
    // Creates it. Fails with device_or_resource_busy where another batch is at work, else with the
    // system's error.
    static config::Result<BatchFolder> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path manifest() const { return path_ / "manifest.jsonl"; }
    std::filesystem::path settings() const { return path_ / "settings.toml"; }
    // Where what is being written lies, of this folder's own disk.
    std::filesystem::path temporary() const;
    // Of results whose lines are not in the manifest yet.
    std::filesystem::path notes() const;
    std::filesystem::path sheet() const { return path_ / "contact_sheet.png"; }
    std::filesystem::path previews() const { return path_ / "previews"; }
    std::filesystem::path preview(const std::string& name) const {
        return previews() / (name + ".png");
    }

    // Within the folder; its own folder is made. Fails with the system's error.
    config::Result<void> write(const std::filesystem::path& file,
                               std::span<const std::uint8_t> bytes) const;

    // So that none of what was made before is taken for one of what is. Fails with the system's
    // error, but not where there is none.
    config::Result<void> remove_preview(const std::string& name) const;

    // Whether a file lies where results are written, directly in the folder or among the previews.
    bool holds(const std::filesystem::path& file) const;

private:
    BatchFolder(std::filesystem::path path, InstanceLock lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}

    std::filesystem::path path_;
    InstanceLock lock_;
};

}  // namespace miner

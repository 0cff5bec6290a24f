// weights.lock.json in a model's folder: which files were fetched, from where, and what they hold.
// Whoever loads the folder asks `verify` first; a file that was not touched since it was last
// verified is not read again. Blocking; any thread.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weights {

struct LockedFile {
    std::string path;    // inside the folder
    std::string source;  // OWNER/NAME@COMMIT:PATH
    std::int64_t size = 0;
    std::string sha256;
    std::int64_t verified_mtime_ns = 0;  // of the file, when its content was last read and right
};

struct WeightsLock {
    std::vector<LockedFile> files;

    LockedFile* find(const std::string& path);
};

// Nanoseconds since 1970; 0 when there is no such file.
std::int64_t mtime_ns(const std::filesystem::path& file);

// Nothing when the folder has none. Fails with malformed, naming file and field, and as
// read_failure() of weights/digest does.
config::Result<std::optional<WeightsLock>> read_lock(const std::filesystem::path& folder);

// Whole or not at all. Fails with no_space, io.
config::Result<void> write_lock(const std::filesystem::path& folder, const WeightsLock& lock);

enum class Verify {
    changed,  // files whose size or time differ from what was verified
    all,      // every file, whatever its time
};

// Of one file.
struct Verified {
    std::string path;
    std::string fault;      // what is wrong with it; empty: it is right
    bool may_pass = false;  // what is wrong is the disk that it lies on, just now
};

// Checks each file, and notes in the lock (on disk too, if it may be written) what was found right.
// `seen` is told each file as it is begun. A folder without a lock is an empty list.
config::Result<std::vector<Verified>> verify(
    const std::filesystem::path& folder, Verify what,
    const std::function<void(const LockedFile&)>& seen = {});

}  // namespace weights

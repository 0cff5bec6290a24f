// Fetched checkpoints as `miner weights` shows them, and the check before one is loaded. Blocking.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace miner {

// Fails with wrong_hash, naming the first file and the remedy, when a folder with a lock holds
// something else than was fetched, and with disk_failed when only that cannot be seen just now;
// files that nobody touched since are not read again. Any other folder passes, and so
// does one whose lock is damaged, as after a power cut: `warn` is told.
config::Result<void> expect_right(const std::string& folder,
                                  const std::function<void(const config::Error&)>& warn);

// Which weights a folder holds, as its lock has them: the first 16 hex digits of the SHA-256 of
// what `sha256sum` prints of its files, by their paths. Empty where that is not known: a folder
// without a lock, or the embedded model, which the program's version tells.
std::string weights_digest(const std::string& folder);

// "[#####---------]  36 %  1.2 of 3.4 GB  212 MB/s  10 s left"
std::string progress_line(std::int64_t done, std::int64_t all, std::chrono::milliseconds since);

// "3.4 GB", "17 MB", "512 B"
std::string bytes_text(std::int64_t bytes);

}  // namespace miner

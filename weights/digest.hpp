// Files read piece by piece, for their digests. Blocking; any thread.
#pragma once

#include "config/result.hpp"

#include <filesystem>
#include <string>

namespace weights {

// Why a file could not be read, by the system's error number, with its words: disk_failed where
// that may pass, else io.
config::Error read_failure(const std::filesystem::path& file, int error);

// 64 hex digits. Fails as read_failure().
config::Result<std::string> sha256_of(const std::filesystem::path& file);

// As git names the content: SHA-1 over "blob SIZE\0" and the bytes, 40 hex digits.
config::Result<std::string> git_blob_sha1_of(const std::filesystem::path& file);

}  // namespace weights

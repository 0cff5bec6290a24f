// Digests of files, read piece by piece. Blocking; any thread.
#pragma once

#include "config/result.hpp"

#include <filesystem>
#include <string>

namespace weights {

// 64 hex digits. Fails with io, naming the file.
config::Result<std::string> sha256_of(const std::filesystem::path& file);

// As git names the content: SHA-1 over "blob SIZE\0" and the bytes, 40 hex digits.
config::Result<std::string> git_blob_sha1_of(const std::filesystem::path& file);

}  // namespace weights

// What lies in a folder, on whatever disk: std's loop over a folder throws once the disk fails in
// the middle of it.
#pragma once

#include <filesystem>
#include <system_error>
#include <vector>

namespace config {

// In the order of the file system; as far as it can be read where `error` is set, and none where it
// cannot be opened.
std::vector<std::filesystem::directory_entry> folder_entries(const std::filesystem::path& folder,
                                                             std::error_code& error);

}  // namespace config

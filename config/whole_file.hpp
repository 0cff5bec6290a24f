// Plain files read whole, within a limit. Blocking; any thread.
#pragma once

#include "config/descriptor.hpp"
#include "config/result.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace config {

// Opens a plain file to be read; links are followed, and nothing waits for a pipe or a device to
// speak. Fails with the system's error and the path: is_a_directory, invalid_argument (whatever
// else is no plain file), or what open(2) says.
Result<OwnedDescriptor> open_plain_file(const std::filesystem::path& path);

// Its content, of `most` bytes at most, however it grows meanwhile. Fails as open_plain_file, with
// file_too_large, or with what read(2) says.
Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t most);

// Whether an error of the system's (errno) stays until somebody changes the file's name, kind, size
// or permissions. Whatever else the system says is the disk's, the network's behind it, or that of
// a machine that is short of something, and may pass.
bool is_lasting(int error);

}  // namespace config

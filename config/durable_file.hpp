// Files that are whole or not there: written beside, synced, renamed into place, and the folder
// synced, so that a power cut leaves the old content or the new and never half of it. What is no
// plain file (a pipe, a device, a terminal) is written into, and never replaced by a file.
// Blocking; any thread. Errors have the system's code and name the path.
#pragma once

#include "config/descriptor.hpp"
#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <span>

namespace config {

// What writing to a path means.
struct Destination {
    enum class Kind {
        absent,  // a new plain file
        file,    // a plain file, to be replaced
        stream,  // something to write into as it is
    };

    Kind kind = Kind::absent;
    std::filesystem::path path;  // links followed, also those that lead to nothing yet
    int inherited = -1;  // of /dev/stdout and its like: our own descriptor that it stands for
};

// Fails with is_a_directory, permission_denied (of a plain file that may not be written),
// too_many_symbolic_link_levels and whatever else the system says.
Result<Destination> destination_of(const std::filesystem::path& path);

// Opens a stream for writing; `extra` flags go to open(2). Fails with the system's error.
Result<OwnedDescriptor> open_stream(const Destination& destination, int extra = 0);

// All of it. False: see errno.
bool write_all(int descriptor, std::span<const std::uint8_t> bytes);

// A plain file keeps its permissions. `temporary_folder` is where the new file is written first, on
// the same file system, locked (flock) for those who sweep it; empty: beside the old one.
Result<void> write_durably(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                           const std::filesystem::path& temporary_folder = {});

// `file`, which this process made and has open, gets the owner of `model`, and of a plain file the
// permissions, too, as far as that is allowed: whoever could open the old one can open the new one.
void take_after(const std::filesystem::path& model, int file);

// `from`, written by others, takes the place of `to`; both are plain files of one file system.
Result<void> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// The folder and those that it lies in are there, and stay there when the power goes: whatever is
// synced in a folder is lost with its own name. Also where an earlier process made them and did not
// come to sync them. Fails with the system's error, not_a_directory where a file is in the way.
Result<void> make_folders(const std::filesystem::path& folder);

// Names in a folder survive a power cut only from here on.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace config

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

// A plain file keeps its owner and permissions; a new one is as make_file() makes it.
// `temporary_folder` is where the new file is written first, on the same file system, locked
// (flock) for those who sweep it; empty: beside the old one.
Result<void> write_durably(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                           const std::filesystem::path& temporary_folder = {});

// `file`, which this process made and has open, gets the owner of `model`, and of a plain file the
// permissions, too, as far as that is allowed: whoever could open the old one can open the new one.
void take_after(const std::filesystem::path& model, int file);

// A new plain file, opened with these flags of open(2). It belongs to the owner of its folder, as
// far as that is allowed: what root makes for a service must be open to the service. False with
// errno set when it cannot be made, EEXIST where anything has the name.
OwnedDescriptor make_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

// The file of that name, made as make_file() does where there is none. False with errno set.
OwnedDescriptor open_or_make(const std::filesystem::path& path, int flags, unsigned mode = 0644);

// `from`, written by others, takes the place of `to`; both are plain files of one file system.
Result<void> rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// The folder and those that it lies in are there, and stay there when the power goes: whatever is
// synced in a folder is lost with its own name. Also where an earlier process made them and did not
// come to sync them. One that is made belongs to the owner of the folder that it lies in, as a file
// of make_file() does. Fails with the system's error, not_a_directory where a file is in the way.
Result<void> make_folders(const std::filesystem::path& folder);

// Names in a folder survive a power cut only from here on.
Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace config

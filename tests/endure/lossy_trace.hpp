// What lossy_shim.cpp writes down of a program and lossy_disk.cpp reads: every change of the files
// below one folder, in order, and what was synced. One record after another: a head, then its path,
// its second path, its bytes.
#pragma once

#include <cstdint>

namespace endure {

enum class Change : std::uint32_t {
    create,       // path, node
    make_folder,  // path, node
    write,        // node, offset, bytes
    truncate,     // node; offset is the new size
    sync,         // node: of a file its content, of a folder its names
    remove,       // path: a file or an empty folder
    rename,       // path, second path
    mark,         // bytes: what the program wrote to its standard output
};

struct TraceHead {
    Change change{};
    std::uint32_t path = 0, second_path = 0;  // bytes that follow
    std::uint32_t mode = 0;                   // of what is created
    std::uint64_t node = 0;                   // inode number
    std::int64_t offset = 0;
    std::uint64_t bytes = 0;  // that follow
};

// Environment of a traced program.
inline constexpr const char* kTracedFolder = "LOSSY_FOLDER";  // absolute
inline constexpr const char* kTraceFile = "LOSSY_TRACE";      // elsewhere; is written anew
// The process dies by SIGKILL instead of making this change, from 1 (0 or unset: never)...
inline constexpr const char* kCutAt = "LOSSY_CUT_AT";
inline constexpr const char* kHalf = "LOSSY_HALF";  // ...after half of it, if it is a write
// ...or makes it and dies so many microseconds later, wherever it is then.
inline constexpr const char* kLinger = "LOSSY_LINGER_US";

}  // namespace endure

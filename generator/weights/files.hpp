// Where the files of a checkpoint come from: a folder, or the executable itself. Names are relative
// with forward slashes. Any thread.
#pragma once

#include "config/result.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace generator {

// The content of a file; `data` is valid while `owner` (a mapping, or nothing for what is always
// there) lives.
struct Bytes {
    std::span<const std::byte> data;
    std::shared_ptr<const void> owner;

    std::string_view text() const {
        return {reinterpret_cast<const char*>(data.data()), data.size()};
    }
};

class Files {
public:
    virtual ~Files() = default;

    virtual const std::string& where() const = 0;  // for messages: the folder, or a name
    // Whether it is there, as far as that can be told.
    virtual bool has(const std::string& name) const = 0;

    // Fails with missing_file (absent, not for us, no regular file), disk_failed (it cannot be read
    // just now) and bad_checkpoint (a name that leaves the folder, or a git-lfs pointer or web page
    // in the file's place).
    virtual config::Result<Bytes> open(const std::string& name) const = 0;
};

// A relative path that stays where it is: no root, no "..", no backslash, no control characters,
// 512 bytes at most.
bool stays_inside(std::string_view name);

// Files are mapped, not read: what is truncated by somebody else while it is mapped ends the
// process (SIGBUS).
std::unique_ptr<Files> folder_files(std::string folder);

}  // namespace generator

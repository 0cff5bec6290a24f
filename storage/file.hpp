// A file's descriptor, and what went wrong with it. For storage/*.cpp.
#pragma once

#include "config/result.hpp"

#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

namespace storage {

class File {
public:
    File(const std::filesystem::path& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    explicit operator bool() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

// full, read_only or io, by the system's error, with what to do.
config::Error failed(int system_error, const std::filesystem::path& where);

// An error of config/durable_file, likewise.
config::Error failed(const config::Error& error, const std::filesystem::path& where);

}  // namespace storage

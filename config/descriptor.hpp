// A file descriptor that is closed with the object; the only owner of one in this program.
#pragma once

#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace config {

class OwnedDescriptor {
public:
    explicit OwnedDescriptor(int descriptor = -1) : descriptor_(descriptor) {}
    OwnedDescriptor(OwnedDescriptor&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~OwnedDescriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    explicit operator bool() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

// open(2), never inherited by a child; false with errno set when it fails.
inline OwnedDescriptor open_file(const std::filesystem::path& path, int flags,
                                 unsigned mode = 0644) {
    return OwnedDescriptor(::open(path.c_str(), flags | O_CLOEXEC, mode));
}

}  // namespace config

// One miner a storage folder: two would hand the same results in twice.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

namespace miner {

// Held as long as the object lives; the system lets go of it when the process dies, however it
// dies.
class InstanceLock {
public:
    // Empty when another process holds it. Throws std::system_error when the folder cannot be
    // written.
    static std::optional<InstanceLock> take(const std::filesystem::path& folder);

    InstanceLock(InstanceLock&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    InstanceLock& operator=(InstanceLock&&) = delete;
    ~InstanceLock();

private:
    explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace miner

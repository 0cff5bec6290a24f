// One miner a storage folder: two would hand the same results in twice.
#pragma once

#include "config/result.hpp"

#include <filesystem>
#include <string_view>
#include <utility>

namespace miner {

// Held as long as the object lives; the system lets go of it when the process dies, however it
// dies.
class InstanceLock {
public:
    // Creates the folder when absent. `name` is the lock's file in it: each is a lock of its own.
    // Fails with device_or_resource_busy when another process holds it, else with the system's
    // error.
    static config::Result<InstanceLock> take(const std::filesystem::path& folder,
                                             std::string_view name = "miner.lock");

    InstanceLock(InstanceLock&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}
    InstanceLock& operator=(InstanceLock&&) = delete;
    ~InstanceLock();

private:
    explicit InstanceLock(int descriptor) : descriptor_(descriptor) {}

    int descriptor_;
};

}  // namespace miner

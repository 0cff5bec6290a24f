// One miner a storage folder: two would hand the same results in twice.
#pragma once

#include "config/descriptor.hpp"
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
    // Made by root, it belongs to the owner of the folder, who is to take it, too.
    // Fails with device_or_resource_busy when another process holds it, else with the system's
    // error.
    static config::Result<InstanceLock> take(const std::filesystem::path& folder,
                                             std::string_view name = "miner.lock");

private:
    explicit InstanceLock(config::OwnedDescriptor descriptor)
        : descriptor_(std::move(descriptor)) {}

    config::OwnedDescriptor descriptor_;
};

}  // namespace miner

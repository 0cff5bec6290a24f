#include "generator/trellis/peak_memory.hpp"

#include <fstream>
#include <string>

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

namespace generator {

std::int64_t look_at_peak(const ComputeTarget& target) {
    if (!target.device.is_cpu()) {
        // Before it the allocator knows of no device.
        at::globalContext().lazyInitDevice(target.device.type());
        auto* allocator = at::getDeviceAllocator(target.device.type());
        const auto index = target.device.index();
        const auto stats = allocator->getDeviceStats(index);
        allocator->resetPeakStats(index);
        return stats.allocated_bytes[0].peak;  // 0: of pools of every kind
    }
    // Linux keeps the high-water mark and forgets it when 5 is written to clear_refs.
    std::ifstream status("/proc/self/status");
    std::int64_t kilobytes = 0;
    for (std::string word; status >> word;) {
        if (word == "VmHWM:") status >> kilobytes;
    }
    std::ofstream("/proc/self/clear_refs") << 5;
    return kilobytes * 1024;
}

std::optional<std::int64_t> count_device_allocations(const ComputeTarget& target) {
    if (target.device.is_cpu()) return std::nullopt;
    auto* allocator = at::getDeviceAllocator(target.device.type());
    return allocator->getDeviceStats(target.device.index()).num_device_alloc;
}

}  // namespace generator

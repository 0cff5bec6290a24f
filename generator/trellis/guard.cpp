#include "generator/trellis/guard.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <string>
#include <string_view>

#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>

namespace generator {
namespace {

// Torch's own allocator, the system's, cuBLAS, cuDNN.
constexpr std::array<std::string_view, 4> kOutOfMemory{
    "out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED", "DEVICE_ALLOCATION_FAILED"};

// What follows in torch's message is for whoever writes programs with it.
constexpr std::string_view kForOthers = " Of the allocated memory";
constexpr const char* kHelp = " (see generator.dtype, score.device and generator.device)";

}  // namespace

config::Error error_of(const c10::Error& thrown) {
    const std::string words = thrown.what_without_backtrace();
    const std::string line = words.substr(0, words.find('\n'));
    const auto says = [&](std::string_view part) { return words.find(part) != std::string::npos; };
    if (dynamic_cast<const c10::OutOfMemoryError*>(&thrown) ||
        std::any_of(kOutOfMemory.begin(), kOutOfMemory.end(), says)) {
        const auto told = line.substr(0, line.find(kForOthers));
        return config::fail(Errc::out_of_memory,
                            says("CUDA") || says("CUBLAS") || says("CUDNN") ? told + kHelp : told);
    }
    if (dynamic_cast<const c10::AcceleratorError*>(&thrown) || says("CUDA error")) {
        return config::fail(Errc::device_lost, line);
    }
    return config::fail(Errc::internal, line);
}

void empty_caches() noexcept {
    try {
        if (!at::globalContext().hasCUDA()) return;
        at::getDeviceAllocator(at::kCUDA)->emptyCache();
    } catch (const std::exception&) {
        // It was tried for the next task's sake, which will tell.
    }
}

}  // namespace generator

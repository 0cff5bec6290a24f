#include "generator/trellis/guard.hpp"

#include <string>
#include <string_view>

namespace generator {

config::Error error_of(const c10::Error& thrown) {
    const std::string words = thrown.what_without_backtrace();
    const std::string line = words.substr(0, words.find('\n'));
    const auto says = [&](std::string_view part) { return words.find(part) != std::string::npos; };
    if (dynamic_cast<const c10::OutOfMemoryError*>(&thrown) || says("out of memory") ||
        says("can't allocate memory")) {
        return config::fail(Errc::out_of_memory, line);
    }
    if (dynamic_cast<const c10::AcceleratorError*>(&thrown) || says("CUDA error")) {
        return config::fail(Errc::device_lost, line);
    }
    return config::fail(Errc::internal, line);
}

}  // namespace generator

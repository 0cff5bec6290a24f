#include "generator/network_library.hpp"

#include "config/version.hpp"
#include "generator/errc.hpp"

#include <string>

#include <dlfcn.h>

namespace generator {
namespace {

config::Error unusable(const char* file, const std::string& why) {
    return config::fail(Errc::missing_file,
                        std::string(file) + ": " + why +
                            "; it comes with this program: install the package anew, or build the "
                            "target miner");
}

std::string last_words() {
    const char* const words = ::dlerror();
    return words ? words : "not what it should be";
}

}  // namespace

config::Result<const NetworkLibrary*> open_network_library(const char* file) {
    // Looked for where the program's DT_RPATH says. What it lacks shall be missed now, not in the
    // middle of a task.
    void* const library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) return unusable(file, last_words());
    const auto entry =
        reinterpret_cast<decltype(&miner_networks)>(::dlsym(library, "miner_networks"));
    if (!entry) return unusable(file, last_words());
    const auto* const networks = entry();
    const auto build = config::version_and_commit();
    if (networks->build != build)
        return unusable(file,
                        std::string("it is of ") + networks->build + ", the program of " + build);
    return networks;
}

}  // namespace generator

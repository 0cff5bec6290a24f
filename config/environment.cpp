#include "config/environment.hpp"

#include <unistd.h>

namespace config {

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        if (name.size() == text.size() || name.starts_with("BT_PW_")) continue;
        if (name == "HOME" || name.starts_with("BT_") || name.starts_with("MINER_") ||
            name.starts_with("XDG_")) {
            environment.emplace(name, text.substr(name.size() + 1));
        }
    }
    return environment;
}

std::string variable(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
}

}  // namespace config

#include "config/environment.hpp"

#include "config/keys.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace config {
namespace {

// Names of other programs that settings come from too, as the table has them.
bool is_of_a_setting(std::string_view name) {
    return std::any_of(keys().begin(), keys().end(), [&](const Key& key) {
        return std::find(key.variables.begin(), key.variables.end(), name) != key.variables.end();
    });
}

bool is_of_password(std::string_view name) {
    return name == kWalletPassword || name.starts_with(kFilePassword);
}

bool is_read(std::string_view name) {
    if (is_of_password(name)) return false;
    return name.starts_with("BT_") || name.starts_with("MINER_") || name.starts_with("XDG_") ||
           name == kHubToken || is_of_a_setting(name);
}

}  // namespace

std::string home_folder() {
    // A relative one would be another folder for each folder that the miner is started in.
    if (const char* named = std::getenv("HOME"); named && *named == '/') return named;
    std::array<char, 16 << 10> buffer;
    passwd entry;
    passwd* found = nullptr;
    ::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found);
    return found && found->pw_dir && *found->pw_dir == '/' ? found->pw_dir : "";
}

Environment process_environment() {
    Environment environment;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const std::string_view name = text.substr(0, text.find('='));
        if (name.size() == text.size() || !is_read(name)) continue;
        environment.emplace(name, text.substr(name.size() + 1));
    }
    if (auto home = home_folder(); !home.empty()) environment.emplace("HOME", std::move(home));
    return environment;
}

void forget_passwords() {
    std::vector<std::string> names;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto name = text.substr(0, text.find('='));
        if (name.size() == text.size() || !is_of_password(name)) continue;
        names.emplace_back(name);
        ::explicit_bzero(*entry + name.size() + 1, text.size() - name.size() - 1);
    }
    for (const auto& name : names) ::unsetenv(name.c_str());
}

std::string variable(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string{} : found->second;
}

}  // namespace config

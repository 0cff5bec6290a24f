#include "miner/mining/identities.hpp"

#include "network/errc.hpp"
#include "network/wallet/keyfile.hpp"

#include <algorithm>

namespace miner {

std::vector<std::string> hotkey_names(const config::Wallet& wallet) {
    if (wallet.hotkeys.empty()) return {wallet.hotkey};
    std::vector<std::string> names;
    for (const auto& name : wallet.hotkeys)
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return names;
}

ExitCode exit_code_without_hotkey(const config::Error& error) {
    return error.code == network::Errc::disk_failed ? ExitCode::storage : ExitCode::key_file;
}

std::variant<std::vector<Identity>, ExitCode> load_identities(const config::Settings& settings,
                                                              config::Logger& log) {
    std::vector<Identity> identities;
    config::Wallet wallet = settings.wallet;
    const auto ask = network::ask_password(wallet.password_fd);
    for (const auto& name : hotkey_names(settings.wallet)) {
        wallet.hotkey = name;
        auto loaded = network::load_hotkey(wallet, ask);
        if (!loaded) {
            log.error("cannot start", {{"error", loaded.error().message()}});
            return exit_code_without_hotkey(loaded.error());
        }
        if (!loaded->warning.empty()) log.warn("key file", {{"warning", loaded->warning}});
        for (const auto& other : identities) {
            if (other.hotkey() != loaded->key.address()) continue;
            log.error("cannot start", {{"error", "two of the hotkeys are the same key"},
                                       {"file", network::hotkey_path(wallet).string()},
                                       {"hotkey", other.hotkey()},
                                       {"remedy", "leave one of them out of --wallet.hotkeys"}});
            return ExitCode::key_file;
        }
        identities.push_back({std::move(loaded->key), Schedule(settings.schedule)});
    }
    return identities;
}

}  // namespace miner

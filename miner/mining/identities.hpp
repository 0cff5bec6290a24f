// The hotkeys of the settings, read from their files into identities without validators.
#pragma once

#include "config/log.hpp"
#include "config/settings.hpp"
#include "miner/mining/identity.hpp"
#include "miner/runtime/exit_code.hpp"

#include <string>
#include <variant>
#include <vector>

namespace miner {

// wallet.hotkeys, or the one in wallet.hotkey; each name once.
std::vector<std::string> hotkey_names(const config::Wallet& wallet);

// What to exit with after `error` of a hotkey that was to be read: ExitCode::storage where the disk
// failed and another start may read it, else ExitCode::key_file.
ExitCode exit_code_without_hotkey(const config::Error& error);

// In the order of the settings. One that cannot be read, or two files of one key, end the program:
// what is wrong is logged and the exit code returned.
std::variant<std::vector<Identity>, ExitCode> load_identities(const config::Settings& settings,
                                                              config::Logger& log);

}  // namespace miner

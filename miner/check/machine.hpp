// Checks of this machine: keys, disk and database, memory, what sets the clock. Synchronous.
#pragma once

#include "config/settings.hpp"
#include "miner/check/finding.hpp"
#include "network/wallet/password.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace miner {

// A finding for each hotkey of the settings. `addresses` gets those of the keys that can be used.
Findings check_hotkeys(const config::Wallet& wallet, const network::AskPassword& ask,
                       std::vector<std::string>& addresses);

// The storage folder can be written, has room for what the settings keep, and its database can be
// opened, or made; one of an older version is left to the next start, as is a restore that was cut
// off. Beside a running miner nothing is written to the database.
Findings check_storage(const std::filesystem::path& folder, const config::Storage& settings);

// Memory of the machine that is free now, in bytes; 0: the system does not tell.
std::int64_t free_memory();

Finding check_memory(std::int64_t free_bytes);

// Whether the system keeps its clock by a time server, as the kernel knows it.
Finding check_clock_source();

}  // namespace miner

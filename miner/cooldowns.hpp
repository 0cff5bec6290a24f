// A cool-down outlasts the process that was told it: what validators said in an earlier run, put
// back into the schedules of this one.
#pragma once

#include "config/log.hpp"
#include "config/result.hpp"
#include "miner/identity.hpp"
#include "storage/report.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace miner {

// What each hotkey's validators said last, in the order of the hotkeys.
using Contacts = std::vector<std::vector<storage::Contact>>;

std::vector<std::string> hotkeys_of(std::span<const Identity> identities);

// On the db lane.
config::Result<Contacts> contacts_of(storage::Database& database,
                                     const std::vector<std::string>& hotkeys);

// Validators that a schedule does not know are passed over.
void resume_cooldowns(const Contacts& contacts, std::span<Identity> identities, std::int64_t now_s,
                      config::Logger& log);

}  // namespace miner

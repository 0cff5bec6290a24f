// The variables of the process as a plain value, so that whoever reads settings can be tested
// without touching the real environment.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace config {

using Environment = std::map<std::string, std::string, std::less<>>;

// What the process was given: BT_*, MINER_*, XDG_* and HOME. Wallet passwords (BT_PW_*) stay where
// they are. Call it before other threads start: the environment is read without a lock.
Environment process_environment();

// Value of a variable; empty when it is not set. An empty variable counts as not set, as in
// Bittensor's SDK.
std::string variable(const Environment& environment, std::string_view name);

}  // namespace config

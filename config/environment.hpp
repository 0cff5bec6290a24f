// The variables of the process as a plain value, so that whoever reads settings can be tested
// without touching the real environment.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace config {

using Environment = std::map<std::string, std::string, std::less<>>;

// The hub's own name for a token; weights.token_file beats it.
constexpr std::string_view kHubToken = "HF_TOKEN";

// $HOME if it is an absolute path, else what the system's user database has for this user; empty
// when neither tells.
std::string home_folder();

// What the process was given: BT_*, MINER_*, XDG_*, every other name that the table of settings
// has, HF_TOKEN, and HOME as home_folder() has it. Wallet passwords (BT_PW_*) stay where they are.
// Call it before other threads start: the environment is read without a lock.
Environment process_environment();

// Value of a variable; empty when it is not set. An empty variable counts as not set, as in
// Bittensor's SDK.
std::string variable(const Environment& environment, std::string_view name);

}  // namespace config

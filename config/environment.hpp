// The variables of the process as a plain value, so that whoever reads settings can be tested
// without touching the real environment.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace config {

// Variables that hold passwords of key files, which are read where they are needed and kept nowhere
// else: ours, for whatever file, and the beginning of bittensor-wallet's.
constexpr std::string_view kWalletPassword = "MINER_WALLET_PASSWORD";
constexpr std::string_view kFilePassword = "BT_PW_";

using Environment = std::map<std::string, std::string, std::less<>>;

// The hub's own name for a token; weights.token_file beats it.
constexpr std::string_view kHubToken = "HF_TOKEN";

// $HOME if it is an absolute path, else what the system's user database has for this user; empty
// when neither tells.
std::string home_folder();

// What the process was given: BT_*, MINER_*, XDG_*, every other name that the table of settings
// has, HF_TOKEN, and HOME as home_folder() has it. Passwords of key files stay where they are.
// Call it before other threads start: the environment is read without a lock.
Environment process_environment();

// Overwrites the passwords of key files where the process was given them, so that neither
// /proc/PID/environ nor a program that it starts shows them. Before other threads start.
void forget_passwords();

// Value of a variable; empty when it is not set. An empty variable counts as not set, as in
// Bittensor's SDK.
std::string variable(const Environment& environment, std::string_view name);

}  // namespace config

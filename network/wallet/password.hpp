// Where the password of a key file comes from. Synchronous; asked before anything else runs, since
// a person may take their time.
#pragma once

#include "config/result.hpp"
#include "network/wallet/secret.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace network {

// Called with the key file, and how many passwords for it were wrong so far. Fails with
// locked_key_file when there is none to be had, and wrong_password when there is no other.
using AskPassword =
    std::function<config::Result<SecretText>(const std::filesystem::path& file, int wrong)>;

// BT_PW_ and the path, upper-cased, with _ for / and .; as bittensor-wallet names it.
std::string password_variable(const std::filesystem::path& file);

// What that variable holds: base64 of the password XORed with the variable's name. Fails with
// malformed.
config::Result<SecretText> unveil_password(const std::string& variable, std::string_view value);

// Asks on a terminal without showing what is typed; blanks count, the line end does not. Fails with
// cancelled (Ctrl-C, Ctrl-D or the end of input) and io.
config::Result<SecretText> read_hidden(int terminal, std::string_view question);

// Asks in this order: the variable above; MINER_WALLET_PASSWORD, for whatever file; the next line
// of `descriptor` (the last line serves all further files); the terminal, three times at most.
// Negative: no descriptor. `may_prompt`: false for commands that must not wait for a person.
AskPassword ask_password(int descriptor, bool may_prompt = true);

}  // namespace network

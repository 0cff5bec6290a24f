// Hotkey files as bittensor-wallet writes them. A miner needs the hotkey alone; a coldkey is
// refused. Synchronous, and quick but for the disk.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "network/wallet/keypair.hpp"
#include "network/wallet/password.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network {

// PATH/NAME/hotkeys/HOTKEY, with a leading ~ expanded; beside it HOTKEYpub.txt. PATH/NAME has
// coldkeypub.txt.
std::filesystem::path hotkey_path(const config::Wallet& wallet);
std::filesystem::path hotkeypub_path(const config::Wallet& wallet);
std::filesystem::path coldkeypub_path(const config::Wallet& wallet);

// Why the wallet's names cannot be followed to a hotkey: they lead elsewhere, or to the coldkey.
std::optional<config::Error> unfit_names(const config::Wallet& wallet);

// What is odd about a key file that is read all the same, in words for its owner.
using Oddities = std::vector<std::string>;

// The text of a plain key file, read as bittensor-wallet 4.1.1 reads it: secretPhrase, secretSeed,
// privateKey, the first that is text; cryptoType tells the scheme, where it is a whole number; what
// else is there does not matter. Two things differ. The key that comes out must not contradict
// publicKey, accountId and ss58Address, which the wallet does not compare; and a byte-order mark is
// passed over. Fails with bad_key_file (naming the field, never its value), locked_key_file. What
// it allocates for secrets is wiped.
config::Result<Keypair> parse_keyfile(std::string_view text, Oddities* oddities = nullptr);

// The address (of network 42) of a public half (HOTKEYpub.txt), or of a whole plain file without
// looking at its secret. Fails as parse_keyfile.
config::Result<std::string> parse_public_keyfile(std::string_view text,
                                                 Oddities* oddities = nullptr);

struct LoadedKey {
    Keypair key;
    std::string warning;  // for the operator, such as a file that others may read; may be empty
};

// Opens nothing but a regular file of at most 64 KiB (and coldkeypub.txt, to know a coldkey by its
// address), and never waits for a writer. A coldkey is known by its place, by its name behind
// links, and by its address. An encrypted file ($NACL) takes seconds and asks `ask` for its
// password; without `ask` it stays locked. Fails with no_key_file, bad_key_file, locked_key_file,
// wrong_password, coldkey, disk_failed; the detail has the path and what to do.
config::Result<LoadedKey> load_hotkey(const config::Wallet& wallet, const AskPassword& ask = {});

}  // namespace network

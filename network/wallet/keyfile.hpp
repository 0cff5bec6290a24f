// Hotkey files as bittensor-wallet writes them. A miner needs the hotkey alone; a coldkey is
// refused. Synchronous, and quick but for the disk.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "network/wallet/keypair.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace network {

// PATH/NAME/hotkeys/HOTKEY, with a leading ~ expanded.
std::filesystem::path hotkey_path(const config::Wallet& wallet);

// The text of a plain key file. Reading order: secretPhrase, secretSeed, privateKey. The key that
// comes out must be the one that publicKey, accountId and ss58Address name. Fails with bad_key_file
// (naming the field, never its value), locked_key_file. What it allocates for secrets is wiped.
config::Result<Keypair> parse_keyfile(std::string_view text);

struct LoadedKey {
    Keypair key;
    std::string warning;  // for the operator, such as a file that others may read; may be empty
};

// Opens nothing but a regular file of at most 64 KiB (and coldkeypub.txt, to know a coldkey by its
// address), and never waits for a writer. A coldkey is known by its place, by its name behind
// links, and by its address. Fails with no_key_file, bad_key_file, locked_key_file, coldkey; the
// detail has the path and what to do.
config::Result<LoadedKey> load_hotkey(const config::Wallet& wallet);

}  // namespace network

// What can be told of a wallet's files without opening a secret to anybody: for people who wonder
// why a key is not taken, and for commands that need an address only. Never asks for a password.
// Synchronous.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace network {

struct HotkeyState {
    enum class Kind {
        absent,
        unreadable,   // no rights, a folder, a pipe, larger than any key file, a disk that fails
        plain,        // a key without a password
        nacl,         // $NACL: opens with a password
        sealed,       // Ansible vault or Fernet: cannot be opened here
        public_half,  // an address and no secret
        broken,       // no key file, or it contradicts itself
    };

    std::string name;
    std::filesystem::path path;
    Kind kind = Kind::absent;
    std::string scheme;                 // "sr25519" or "ed25519", as far as the file tells
    unsigned mode = 0;                  // permissions; 0 when there is no file
    std::string address;                // ss58, from the file or its public half; empty: not known
    bool from_public_half = false;      // the address is HOTKEYpub.txt's word
    std::vector<std::string> warnings;  // open to others, two keys under one name
    std::string fault;                  // why it cannot be used; empty: it can
};

std::string_view name(HotkeyState::Kind kind);  // "plain", "encrypted", ...

// wallet.hotkey and the files beside it.
HotkeyState inspect_hotkey(const config::Wallet& wallet);

// Names of the files in the wallet's folder hotkeys, sorted; public halves count where the key
// itself is not there. At most 1000.
std::vector<std::string> hotkeys_on_disk(const config::Wallet& wallet);

// From coldkeypub.txt.
std::optional<std::string> coldkey_address(const config::Wallet& wallet);

// The address of wallet.hotkey without its secret: from HOTKEYpub.txt, or else from the plain key
// file. Fails with no_key_file, bad_key_file, locked_key_file, coldkey, disk_failed.
config::Result<std::string> hotkey_address(const config::Wallet& wallet);

}  // namespace network

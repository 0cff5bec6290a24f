// The bytes of a key file, from disk and out of its encryption. Synchronous.
#pragma once

#include "config/result.hpp"
#include "network/wallet/secret.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace network {

inline constexpr std::size_t kLargestKeyFile = 64 << 10;  // a key file has some 600 bytes
inline constexpr std::size_t kLongestPassword = 1024;     // bytes

struct KeyText {
    SecretText content;
    mode_t mode = 0;
};

// A regular file of at most 64 KiB, whole; never waits for a writer. Fails with no_key_file (it is
// not there, or not for us), disk_failed (it cannot be read just now), both with the system's
// words, and bad_key_file (no such file).
config::Result<KeyText> read_key_text(const std::filesystem::path& path);

enum class Sealing { none, nacl, ansible_vault, fernet };

// By the mark at the beginning.
Sealing sealing_of(std::string_view text);

// The key that a password makes for $NACL files: Argon2i 1.3 with the wallet's fixed salt, so that
// it fits all files of that password. Takes seconds and 512 MiB; fails with locked_key_file when
// the memory is not there.
config::Result<Secret<32>> nacl_key(std::string_view password);

// What is inside: 24 bytes of nonce, then the secretbox. Fails with bad_key_file (not such a file,
// or cut short) and wrong_password.
config::Result<SecretText> open_nacl(std::string_view text, const Secret<32>& key);

}  // namespace network

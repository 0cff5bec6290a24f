// Twelve to twenty-four words of BIP-39 as Substrate reads them: the mini secret comes from the
// words' entropy, not from their letters (substrate-bip39). Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "network/wallet/secret.hpp"

#include <string_view>

namespace network {

// `words`: English, lower case, apart by blanks. Fails with bad_key_file, telling a word's position
// but never the word.
config::Result<Secret<32>> mini_secret(std::string_view words, std::string_view password = {});

}  // namespace network

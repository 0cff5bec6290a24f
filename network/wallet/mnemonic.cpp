#include "network/wallet/mnemonic.hpp"

#include "network/errc.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace network {
namespace {

constexpr std::string_view kWords[] = {
#include "network/wallet/bip39_english.inc"
};
static_assert(std::size(kWords) == 2048 && std::is_sorted(std::begin(kWords), std::end(kWords)));

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMostWords = 24;
constexpr std::size_t kBitsPerWord = 11;
constexpr int kRounds = 2048;

// At most one more than allowed, so that a long text costs nothing.
std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while (words.size() <= kMostWords && (at = text.find_first_not_of(kBlanks, at)) != text.npos) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

}  // namespace

config::Result<Secret<32>> mini_secret(std::string_view words, std::string_view password) {
    const auto refuse = [](std::string why) {
        return config::fail(Errc::bad_key_file, std::move(why));
    };
    const std::vector<std::string_view> list = split(words);
    if (list.size() < 12 || list.size() > kMostWords || list.size() % 3 != 0) {
        return refuse("the phrase has not 12, 15, 18, 21 or 24 words");
    }

    Secret<33> bits;  // entropy and then checksum, highest bit first
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto found = std::lower_bound(std::begin(kWords), std::end(kWords), list[i]);
        if (found == std::end(kWords) || *found != list[i]) {
            return refuse("word " + std::to_string(i + 1) +
                          " of the phrase is not in BIP-39's English list");
        }
        const auto index = unsigned(found - std::begin(kWords));
        for (std::size_t bit = 0; bit < kBitsPerWord; ++bit) {
            const std::size_t place = i * kBitsPerWord + bit;
            const unsigned value = index >> (kBitsPerWord - 1 - bit) & 1;
            bits.bytes()[place / 8] |= std::uint8_t(value << (7 - place % 8));
        }
    }

    const std::size_t checksum_bits = list.size() / 3;
    const std::size_t entropy_bytes = checksum_bits * 4;
    Secret<32> digest;
    crypto_hash_sha256(digest.bytes().data(), bits.bytes().data(), entropy_bytes);
    if ((digest.bytes()[0] ^ bits.bytes()[entropy_bytes]) >> (8 - checksum_bits) != 0) {
        return refuse("the phrase's checksum does not fit: a word is wrong or out of place");
    }

    const std::string salt = "mnemonic" + std::string(password);
    Secret<32> secret;
    // Fails only for want of memory. OpenSSL's longer output would begin with the same 32 bytes.
    if (PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(bits.bytes().data()), int(entropy_bytes),
                          reinterpret_cast<const unsigned char*>(salt.data()), int(salt.size()),
                          kRounds, EVP_sha512(), int(secret.bytes().size()),
                          secret.bytes().data()) != 1) {
        std::abort();
    }
    return secret;
}

}  // namespace network

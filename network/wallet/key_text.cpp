#include "network/wallet/key_text.hpp"

#include "config/whole_file.hpp"
#include "network/errc.hpp"
#include "network/wallet/sodium.hpp"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace network {
namespace {

constexpr std::string_view kNacl = "$NACL";

// bittensor-wallet's, the same for every file.
constexpr unsigned char kSalt[] = {0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc,
                                   0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1};
static_assert(sizeof(kSalt) == crypto_pwhash_argon2i_SALTBYTES);
constexpr unsigned long long kPasses = 8;
constexpr std::size_t kMemory = 512u << 20;

config::Error unreadable(int error) {
    return config::fail(config::is_lasting(error) ? Errc::no_key_file : Errc::disk_failed,
                        std::generic_category().message(error));
}

// False when it cannot be read, with errno as it was left.
bool read_all(int descriptor, SecretText& text) {
    while (!text.room().empty()) {
        const ssize_t count = ::read(descriptor, text.room().data(), text.room().size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        if (count == 0) break;
        text.grow(std::size_t(count));
    }
    return true;
}

}  // namespace

config::Result<KeyText> read_key_text(const std::filesystem::path& path) {
    const auto descriptor = config::open_plain_file(path);
    if (!descriptor) {
        namespace errc = boost::system::errc;
        const auto& code = descriptor.error().code;
        if (code == errc::is_a_directory) return config::fail(Errc::bad_key_file, "it is a folder");
        if (code == errc::invalid_argument)
            return config::fail(Errc::bad_key_file, "it is not a regular file");
        return unreadable(code.value());
    }
    struct stat status;
    if (::fstat(descriptor->get(), &status) != 0) return unreadable(errno);
    if (status.st_size >= std::int64_t(kLargestKeyFile)) {
        return config::fail(Errc::bad_key_file, "it is larger than any key file (64 KiB)");
    }
    KeyText file{SecretText(std::size_t(status.st_size) + 1), status.st_mode};
    if (!read_all(descriptor->get(), file.content)) return unreadable(errno);
    return file;
}

Sealing sealing_of(std::string_view text) {
    if (text.starts_with(kNacl)) return Sealing::nacl;
    if (text.starts_with("$ANSIBLE_VAULT")) return Sealing::ansible_vault;
    if (text.starts_with("gAAAAA")) return Sealing::fernet;
    return Sealing::none;
}

config::Result<Secret<32>> nacl_key(std::string_view password) {
    ready_sodium();
    Secret<32> key;
    if (crypto_pwhash_argon2i(key.bytes().data(), key.bytes().size(), password.data(),
                              password.size(), kSalt, kPasses, kMemory,
                              crypto_pwhash_argon2i_ALG_ARGON2I13) != 0) {
        return config::fail(Errc::locked_key_file,
                            "opening it takes 512 MiB of memory, which are not free");
    }
    return key;
}

config::Result<SecretText> open_nacl(std::string_view text, const Secret<32>& key) {
    ready_sodium();
    if (!text.starts_with(kNacl)) return config::fail(Errc::bad_key_file, "it has no mark $NACL");
    text.remove_prefix(kNacl.size());
    if (text.size() < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES) {
        return config::fail(Errc::bad_key_file,
                            "it is cut short: of the encryption not even the head is there");
    }
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::size_t sealed = text.size() - crypto_secretbox_NONCEBYTES;
    SecretText content(std::max<std::size_t>(sealed - crypto_secretbox_MACBYTES, 1));
    if (crypto_secretbox_open_easy(content.room().data(), bytes + crypto_secretbox_NONCEBYTES,
                                   sealed, bytes, key.bytes().data()) != 0) {
        return config::fail(Errc::wrong_password,
                            "the password does not open it, or the file was cut or changed");
    }
    content.grow(sealed - crypto_secretbox_MACBYTES);
    return content;
}

}  // namespace network

#include "network/wallet/keyfile.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/wallet/mnemonic.hpp"

#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>

#include <algorithm>
#include <new>
#include <optional>

namespace network {
namespace {

constexpr std::string_view kTextFields[] = {"accountId",    "publicKey",  "privateKey",
                                            "secretPhrase", "secretSeed", "ss58Address"};

// Overwrites all that is given back.
class WipedMemory final : public boost::json::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t) override { return ::operator new(bytes); }

    void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
        wipe(memory, bytes);
        ::operator delete(memory);
    }

    bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
        return this == &other;
    }
};

config::Error refuse(std::string why) { return config::fail(Errc::bad_key_file, std::move(why)); }

// Why an encrypted file cannot be read, or nothing for a plain one.
std::optional<config::Error> encryption(std::string_view text) {
    const auto locked = [](std::string what) {
        return config::fail(
            Errc::locked_key_file,
            what +
                "; a hotkey without a password is needed: write it anew from its words "
                "with `btcli wallet regen-hotkey`, or name another with --wallet.hotkey");
    };
    if (text.starts_with("$NACL")) return locked("it has a password ($NACL)");
    if (text.starts_with("$ANSIBLE_VAULT"))
        return locked("it is an Ansible vault, as older SDKs wrote them");
    if (text.starts_with("gAAAAA"))
        return locked("it is a Fernet token, as very old SDKs wrote them");
    return std::nullopt;
}

// Every value must be text or null, as the SDK has it; only the SDK of 2026 adds a number,
// cryptoType.
std::optional<config::Error> unfit_field(const boost::json::object& fields) {
    for (const auto& [name, value] : fields) {
        if (name == "cryptoType" && !value.is_null()) {
            const auto* type = value.if_int64();
            if (type != nullptr && *type == 0) {
                return refuse(
                    "cryptoType is 0, ed25519: validators of this subnet know sr25519 keys only");
            }
            if (type == nullptr || *type != 1) return refuse("cryptoType is unknown");
        } else if (!value.is_string() && !value.is_null()) {
            const bool known = std::count(std::begin(kTextFields), std::end(kTextFields), name) > 0;
            return refuse((known ? std::string(name) : "an unknown field") + " is not text");
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> text_of(const boost::json::object& fields, std::string_view name) {
    const auto* value = fields.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

// 32 bytes are a mini secret and 64 a private key, in whichever field they stand.
config::Result<Keypair> from_digits(std::string_view field, std::string_view digits) {
    if (Secret<32> seed; from_hex(digits, seed.bytes())) return Keypair::from_seed(seed);
    if (Secret<64> key; from_hex(digits, key.bytes())) return Keypair::from_private_key(key);
    return refuse(std::string(field) + " is not 32 or 64 bytes in hex digits");
}

config::Result<Keypair> secret_key(const boost::json::object& fields) {
    if (const auto words = text_of(fields, "secretPhrase")) {
        const auto seed = mini_secret(*words);
        if (!seed) return config::fail(Errc::bad_key_file, "secretPhrase: " + seed.error().detail);
        return Keypair::from_seed(*seed);
    }
    for (const std::string_view field : {"secretSeed", "privateKey"}) {
        if (const auto digits = text_of(fields, field)) return from_digits(field, *digits);
    }
    if (text_of(fields, "ss58Address")) {
        return refuse("it holds no secret; is it the public half of the key (HOTKEYpub.txt)?");
    }
    return refuse("it holds no key");
}

// The name of a field that speaks of another key than `key`.
std::optional<std::string_view> contradiction(const boost::json::object& fields,
                                              const Keypair& key) {
    for (const std::string_view field : {"publicKey", "accountId"}) {
        const auto digits = text_of(fields, field);
        PublicKey stated;
        if (digits && !(from_hex(*digits, stated) && stated == key.public_key())) return field;
    }
    const auto address = text_of(fields, "ss58Address");
    if (address && *address != key.address()) return "ss58Address";
    return std::nullopt;
}

}  // namespace

config::Result<Keypair> parse_keyfile(std::string_view text) {
    if (auto locked = encryption(text)) return *std::move(locked);

    WipedMemory memory;
    boost::json::parse_options options;
    options.max_depth = 2;
    // Both the parser's own memory and the values', and none of it on the stack.
    boost::json::parser parser(&memory, options);
    parser.reset(&memory);
    boost::json::error_code failure;
    parser.write(text, failure);
    if (failure) return refuse("it is not the JSON of a key file");
    const boost::json::value value = parser.release();
    if (!value.is_object()) return refuse("it is not a JSON object");

    const auto& fields = value.get_object();
    if (auto unfit = unfit_field(fields)) return *std::move(unfit);
    auto key = secret_key(fields);
    if (!key) return key;
    if (const auto field = contradiction(fields, *key)) {
        return refuse(std::string(*field) + " is not that of the secret in the same file");
    }
    return key;
}

}  // namespace network

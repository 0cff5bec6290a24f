#include "network/wallet/keyfile.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/wallet/key_text.hpp"
#include "network/wallet/mnemonic.hpp"
#include "network/wallet/ss58.hpp"

#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>

#include <algorithm>
#include <memory>
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

constexpr const char* kWithoutPassword =
    "; write the hotkey anew from its words, without a password or with one that btcli asks for: "
    "`btcli wallet regen-hotkey`; or name another with --wallet.hotkey";

// Why there is nothing to read in a sealed file; nothing for a plain one.
std::optional<config::Error> sealed(std::string_view text) {
    const auto locked = [](std::string what) {
        return config::fail(Errc::locked_key_file, what + kWithoutPassword);
    };
    switch (sealing_of(text)) {
        case Sealing::none:
            return std::nullopt;
        case Sealing::nacl:
            return locked("it has a password ($NACL)");
        case Sealing::ansible_vault:
            return locked("it is an Ansible vault, as older SDKs wrote them");
        case Sealing::fernet:
            return locked("it is a Fernet token, as very old SDKs wrote them");
    }
    return std::nullopt;
}

// Every value must be text or null, as the SDK has it; only the SDK of 2026 adds a number,
// cryptoType.
std::optional<config::Error> unfit_field(const boost::json::object& fields) {
    for (const auto& [name, value] : fields) {
        if (name == "cryptoType" && !value.is_null()) {
            const auto* type = value.if_int64();
            if (type == nullptr || (*type != int(Scheme::ed25519) && *type != int(Scheme::sr25519)))
                return refuse("cryptoType is neither 0 (ed25519) nor 1 (sr25519)");
        } else if (!value.is_string() && !value.is_null()) {
            const bool known = std::count(std::begin(kTextFields), std::end(kTextFields), name) > 0;
            return refuse((known ? std::string(name) : "an unknown field") + " is not text");
        }
    }
    return std::nullopt;
}

Scheme scheme_of(const boost::json::object& fields) {
    const auto* type = fields.if_contains("cryptoType");
    return type != nullptr && type->is_int64() && type->get_int64() == int(Scheme::ed25519)
               ? Scheme::ed25519
               : Scheme::sr25519;
}

Keypair from_seed(Scheme scheme, const Secret<32>& seed) {
    return scheme == Scheme::ed25519 ? Keypair::from_ed25519_seed(seed) : Keypair::from_seed(seed);
}

std::optional<std::string_view> text_of(const boost::json::object& fields, std::string_view name) {
    const auto* value = fields.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

// 32 bytes are a seed and 64 a private key, in whichever field they stand; ed25519 has seeds only.
config::Result<Keypair> from_digits(Scheme scheme, std::string_view field,
                                    std::string_view digits) {
    if (Secret<32> seed; from_hex(digits, seed.bytes())) return from_seed(scheme, seed);
    if (scheme == Scheme::ed25519)
        return refuse(std::string(field) + " is not 32 bytes in hex digits");
    if (Secret<64> key; from_hex(digits, key.bytes())) return Keypair::from_private_key(key);
    return refuse(std::string(field) + " is not 32 or 64 bytes in hex digits");
}

config::Result<Keypair> secret_key(const boost::json::object& fields) {
    const auto scheme = scheme_of(fields);
    if (const auto words = text_of(fields, "secretPhrase")) {
        const auto seed = mini_secret(*words);
        if (!seed) return config::fail(Errc::bad_key_file, "secretPhrase: " + seed.error().detail);
        return from_seed(scheme, *seed);
    }
    for (const std::string_view field : {"secretSeed", "privateKey"}) {
        if (const auto digits = text_of(fields, field)) return from_digits(scheme, field, *digits);
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

// The JSON of a key file, in memory that is wiped.
class Parsed {
public:
    static config::Result<Parsed> parse(std::string_view text) {
        if (auto locked = sealed(text)) return *std::move(locked);
        Parsed parsed;
        boost::json::parse_options options;
        options.max_depth = 2;
        // Both the parser's own memory and the values', and none of it on the stack.
        boost::json::parser parser(parsed.memory_.get(), options);
        parser.reset(parsed.memory_.get());
        boost::json::error_code failure;
        parser.write(text, failure);
        if (failure) return refuse("it is not the JSON of a key file");
        parsed.value_ = std::make_unique<boost::json::value>(parser.release());
        if (!parsed.value_->is_object()) return refuse("it is not a JSON object");
        if (auto unfit = unfit_field(parsed.fields())) return *std::move(unfit);
        return parsed;
    }

    const boost::json::object& fields() const { return value_->get_object(); }

private:
    Parsed() = default;

    std::unique_ptr<WipedMemory> memory_ = std::make_unique<WipedMemory>();
    std::unique_ptr<boost::json::value> value_;  // lives in memory_, so it dies first
};

}  // namespace

config::Result<Keypair> parse_keyfile(std::string_view text) {
    const auto parsed = Parsed::parse(text);
    if (!parsed) return parsed.error();
    auto key = secret_key(parsed->fields());
    if (!key) return key;
    if (const auto field = contradiction(parsed->fields(), *key)) {
        return refuse(std::string(*field) + " is not that of the secret in the same file");
    }
    return key;
}

config::Result<std::string> parse_public_keyfile(std::string_view text) {
    const auto parsed = Parsed::parse(text);
    if (!parsed) return parsed.error();
    const auto address = text_of(parsed->fields(), "ss58Address");
    if (!address) return refuse("it names no address (ss58Address)");
    const auto key = ss58_decode(*address);
    if (!key) return refuse("ss58Address is no address of network 42");
    for (const std::string_view field : {"publicKey", "accountId"}) {
        const auto digits = text_of(parsed->fields(), field);
        PublicKey stated;
        if (digits && !(from_hex(*digits, stated) && stated == *key))
            return refuse(std::string(field) + " is not that of ss58Address");
    }
    return std::string(*address);
}

}  // namespace network

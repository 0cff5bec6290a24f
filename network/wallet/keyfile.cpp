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
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kDeepest = 128;  // as the JSON library of bittensor-wallet has it
constexpr unsigned kNetwork = 42;

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

// What bittensor-wallet makes of cryptoType: of a whole number its lowest byte, and of everything
// else, as of nothing, sr25519.
config::Result<Scheme> scheme_of(const boost::json::object& fields, Oddities& oddities) {
    const auto* type = fields.if_contains("cryptoType");
    if (type == nullptr || type->is_null()) return Scheme::sr25519;
    const auto* whole = type->if_int64();
    const bool large = type->is_uint64();
    if (!large && (whole == nullptr || *whole < 0)) {
        oddities.push_back(
            "cryptoType is not a whole number: the key is read as sr25519, as bittensor-wallet "
            "does");
        return Scheme::sr25519;
    }
    const auto byte = std::uint8_t(large ? type->get_uint64() : std::uint64_t(*whole));
    if (byte > 1) return refuse("cryptoType is neither 0 (ed25519) nor 1 (sr25519)");
    if (large || *whole > 1)
        oddities.push_back("cryptoType is too large: it is read as " + std::to_string(byte) +
                           ", as bittensor-wallet does");
    return Scheme(byte);
}

void note_fields(const boost::json::object& fields, Oddities& oddities) {
    std::size_t unknown = 0;
    for (const auto& [name, value] : fields) {
        const bool known = std::count(std::begin(kTextFields), std::end(kTextFields), name) > 0;
        if (!known && name != "cryptoType") ++unknown;
        if (known && !value.is_string() && !value.is_null())
            oddities.push_back(std::string(name) + " is not text: it is left aside");
    }
    // Not by their names: those could be part of a secret, in a file that went wrong.
    if (unknown > 0)
        oddities.push_back("it has " + std::to_string(unknown) +
                           (unknown == 1 ? " field" : " fields") +
                           " that key files do not have: left aside");
}

Keypair from_seed(Scheme scheme, const Secret<32>& seed) {
    return scheme == Scheme::ed25519 ? Keypair::from_ed25519_seed(seed) : Keypair::from_seed(seed);
}

std::optional<std::string_view> text_of(const boost::json::object& fields, std::string_view name) {
    const auto* value = fields.if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string_view(value->get_string());
}

// As bittensor-wallet strips it: any number of times.
std::string_view without_0x(std::string_view digits) {
    while (digits.starts_with("0x")) digits.remove_prefix(2);
    return digits;
}

// 32 bytes are a seed and 64 a private key, in whichever field they stand; ed25519 has seeds only.
config::Result<Keypair> from_digits(Scheme scheme, std::string_view field,
                                    std::string_view digits) {
    digits = without_0x(digits);
    if (Secret<32> seed; from_hex(digits, seed.bytes())) return from_seed(scheme, seed);
    if (scheme == Scheme::ed25519)
        return refuse(std::string(field) + " is not 32 bytes in hex digits");
    if (Secret<64> key; from_hex(digits, key.bytes())) return Keypair::from_private_key(key);
    return refuse(std::string(field) + " is not 32 or 64 bytes in hex digits");
}

config::Result<Keypair> key_of(Scheme scheme, std::string_view field, std::string_view text) {
    if (field != "secretPhrase") return from_digits(scheme, field, text);
    const auto seed = mini_secret(text);
    if (!seed) return config::fail(Errc::bad_key_file, "secretPhrase: " + seed.error().detail);
    return from_seed(scheme, *seed);
}

config::Result<Keypair> secret_key(const boost::json::object& fields, Oddities& oddities) {
    const auto scheme = scheme_of(fields, oddities);
    if (!scheme) return scheme.error();
    std::optional<config::Result<Keypair>> chosen;
    std::string_view chosen_field;
    for (const std::string_view field : {"secretPhrase", "secretSeed", "privateKey"}) {
        const auto text = text_of(fields, field);
        if (!text) continue;
        auto key = key_of(*scheme, field, *text);
        if (!chosen) {
            chosen = std::move(key);
            chosen_field = field;
            if (!*chosen) break;
        } else if (key && key->public_key() != (*chosen)->public_key()) {
            oddities.push_back(std::string(field) + " is another key\'s: it is left aside, as " +
                               std::string(chosen_field) + " counts");
        }
    }
    if (chosen) return *std::move(chosen);
    if (fields.contains("encoded") && fields.contains("encoding")) {
        return refuse(
            "it is an export of polkadot-js; write the hotkey from it with `btcli wallet "
            "regen-hotkey`");
    }
    if (text_of(fields, "ss58Address")) {
        return refuse("it holds no secret; is it the public half of the key (HOTKEYpub.txt)?");
    }
    return refuse("it holds no key");
}

// The name of a field that speaks of another key than `key`. What speaks of none is only odd.
std::optional<std::string_view> contradiction(const boost::json::object& fields,
                                              const PublicKey& key, Oddities& oddities) {
    for (const std::string_view field : {"publicKey", "accountId"}) {
        const auto digits = text_of(fields, field);
        if (!digits) continue;
        PublicKey stated;
        if (!from_hex(without_0x(*digits), stated)) {
            oddities.push_back(std::string(field) +
                               " is not 32 bytes in hex digits: it is left aside");
        } else if (stated != key) {
            return field;
        }
    }
    const auto text = text_of(fields, "ss58Address");
    if (!text) return std::nullopt;
    const auto address = ss58_decode_any(*text);
    if (!address) {
        oddities.push_back("ss58Address is no address (" + address.error().detail +
                           "): it is left aside");
    } else if (address->key != key) {
        return "ss58Address";
    } else if (address->network != kNetwork) {
        oddities.push_back("ss58Address is written for network " +
                           std::to_string(address->network) + "; on Bittensor the same key is " +
                           ss58_encode(key));
    }
    return std::nullopt;
}

// The JSON of a key file, in memory that is wiped.
class Parsed {
public:
    static config::Result<Parsed> parse(std::string_view text, Oddities& oddities) {
        if (auto locked = sealed(text)) return *std::move(locked);
        if (text.starts_with(kByteOrderMark)) {
            text.remove_prefix(kByteOrderMark.size());
            oddities.push_back(
                "it begins with a byte-order mark, which bittensor-wallet refuses: save it as "
                "UTF-8 "
                "without one");
        }
        if (text.find_first_not_of(" \t\r\n") == text.npos) return refuse("it is empty");
        if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
            return refuse("it is UTF-16; save it as UTF-8");
        Parsed parsed;
        boost::json::parse_options options;
        options.max_depth = kDeepest;
        // Both the parser's own memory and the values', and none of it on the stack.
        boost::json::parser parser(parsed.memory_.get(), options);
        parser.reset(parsed.memory_.get());
        boost::json::error_code failure;
        parser.write(text, failure);
        if (failure) return refuse("it is not the JSON of a key file");
        parsed.value_ = std::make_unique<boost::json::value>(parser.release());
        if (!parsed.value_->is_object()) return refuse("it is not a JSON object");
        note_fields(parsed.fields(), oddities);
        return parsed;
    }

    const boost::json::object& fields() const { return value_->get_object(); }

private:
    Parsed() = default;

    std::unique_ptr<WipedMemory> memory_ = std::make_unique<WipedMemory>();
    std::unique_ptr<boost::json::value> value_;  // lives in memory_, so it dies first
};

}  // namespace

config::Result<Keypair> parse_keyfile(std::string_view text, Oddities* oddities) {
    Oddities unheard;
    auto& odd = oddities != nullptr ? *oddities : unheard;
    const auto parsed = Parsed::parse(text, odd);
    if (!parsed) return parsed.error();
    auto key = secret_key(parsed->fields(), odd);
    if (!key) return key;
    if (const auto field = contradiction(parsed->fields(), key->public_key(), odd)) {
        return refuse(std::string(*field) + " is not that of the secret in the same file");
    }
    return key;
}

config::Result<std::string> parse_public_keyfile(std::string_view text, Oddities* oddities) {
    Oddities unheard;
    auto& odd = oddities != nullptr ? *oddities : unheard;
    const auto parsed = Parsed::parse(text, odd);
    if (!parsed) return parsed.error();
    const auto address = text_of(parsed->fields(), "ss58Address");
    if (!address) return refuse("it names no address (ss58Address)");
    const auto stated = ss58_decode_any(*address);
    if (!stated) return refuse("ss58Address is no address: " + stated.error().detail);
    if (const auto field = contradiction(parsed->fields(), stated->key, odd))
        return refuse(std::string(*field) + " is not that of ss58Address");
    return ss58_encode(stated->key);
}

}  // namespace network

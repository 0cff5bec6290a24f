#include "network/wallet/keyfile.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cctype>

using network::Errc;
using network::parse_keyfile;

namespace {

namespace json = boost::json;

std::string content(const json::value& entry, std::string_view field) {
    const auto bytes = tests::base64(entry, field);
    return {bytes.begin(), bytes.end()};
}

// The SDK compares nothing; we refuse a file that names two keys.
bool contradicts(const std::string& text, const json::value& entry) {
    const auto fields = json::parse(text);
    const auto* address = tests::find(fields, "ss58Address");
    const auto* key = tests::find(fields, "publicKey");
    return (address && address->is_string() &&
            address->as_string() != tests::text(entry, "ss58")) ||
           (key && key->is_string() && key->as_string() != "0x" + tests::text(entry, "public_hex"));
}

constexpr const char* kSeed = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
constexpr const char* kPrivate =
    "0x05d65584630d16cd4af6d0bec10f34bb504a5dcb62dba2122d49f5a663763d0a"
    "fd190cce74df356432b410bd64682309d6dedb27c76845daf388557cbac3ca34";
constexpr const char* kPublic =
    "0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a";
constexpr const char* kAddress = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
constexpr const char* kPhrase =
    "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

json::object whole() {
    return {{"accountId", kPublic},    {"publicKey", kPublic}, {"privateKey", kPrivate},
            {"secretPhrase", kPhrase}, {"secretSeed", kSeed},  {"ss58Address", kAddress}};
}

}  // namespace

TEST_CASE("plain key files are read as the SDK reads them, but contradictions refused") {
    for (const auto& entry : tests::vectors("keyfile.json").at("plain").as_array()) {
        CAPTURE(tests::text(entry, "note"));
        const std::string text = content(entry, "content_base64");
        const auto note = tests::text(entry, "note");
        // Refused by the SDK that wrote these files; what is read today has tests below.
        if (note.starts_with("extra field that is") || note.starts_with("UTF-8 BOM")) {
            CHECK(parse_keyfile(text).has_value());
            continue;
        }
        const bool ok =
            entry.at("ok").as_bool() && entry.at("can_sign").as_bool() && !contradicts(text, entry);
        const auto key = parse_keyfile(text);
        REQUIRE(key.has_value() == ok);
        if (ok) {
            CHECK(network::to_hex(key->public_key()) == tests::text(entry, "public_hex"));
            CHECK(key->address() == tests::text(entry, "ss58"));
            CHECK(network::verify(key->public_key(), "message", key->sign("message")));
        } else {
            CHECK(key.error().code == Errc::bad_key_file);
            CHECK_FALSE(key.error().detail.empty());
        }
    }
}

TEST_CASE("encrypted key files are refused as such") {
    for (const auto& entry : tests::vectors("keyfile.json").at("encrypted").as_array()) {
        CAPTURE(tests::text(entry, "note"));
        const std::string text = content(entry, "file_base64");
        const auto key = parse_keyfile(text);
        REQUIRE_FALSE(key.has_value());
        const bool marked = text.starts_with("$NACL") || text.starts_with("$ANSIBLE_VAULT") ||
                            text.starts_with("gAAAAA");
        CHECK((key.error().code == Errc::locked_key_file) == marked);
        if (marked) CHECK_THAT(key.error().detail, Catch::Contains("btcli wallet regen-hotkey"));
    }
}

TEST_CASE("what an encrypted file holds is a key file") {
    for (const auto& entry : tests::vectors("keyfile.json").at("encrypted").as_array()) {
        const auto* plain = tests::find(entry, "plaintext_base64");
        if (plain == nullptr) continue;
        const std::string text = content(entry, "plaintext_base64");
        CHECK(parse_keyfile(text).has_value() == (text != "{}"));
    }
}

TEST_CASE("key files of the SDK of 2026 are read, ed25519 ones too") {
    for (const auto& entry : tests::vectors("keyfile_v11.json").at("files").as_array()) {
        CAPTURE(tests::text(entry, "name"));
        const auto key = parse_keyfile(tests::text(entry, "plain"));
        REQUIRE(key.has_value());
        CHECK(key->address() == tests::text(entry, "ss58"));
        CHECK(int(key->scheme()) == entry.at("crypto_type").as_int64());
        CHECK(network::verify(key->scheme(), key->public_key(), "message", key->sign("message")));
        CHECK(network::parse_public_keyfile(tests::text(entry, "plain")).value() == key->address());
        CHECK(parse_keyfile(content(entry, "encrypted_base64")).error().code ==
              Errc::locked_key_file);
    }
}

TEST_CASE("an ed25519 key has a seed of 32 bytes, or words") {
    auto fields = json::object{{"cryptoType", 0}, {"secretSeed", std::string(64, '2')}};
    const auto seed = parse_keyfile(json::serialize(fields));
    REQUIRE(seed.has_value());
    CHECK(seed->address() == "5FhHTZoNjxogVY1FgLmWkuzMtCPinHVwG2BEzUAvtxPvTHYr");
    fields["secretSeed"] = std::string(128, '2');
    CHECK_FALSE(parse_keyfile(json::serialize(fields)).has_value());

    // The words' mini secret is that seed.
    const json::object words{{"cryptoType", 0}, {"secretPhrase", kPhrase}};
    const json::object mini{{"cryptoType", 0}, {"secretSeed", kSeed}};
    const auto from_words = parse_keyfile(json::serialize(words));
    REQUIRE(from_words.has_value());
    CHECK(from_words->address() == parse_keyfile(json::serialize(mini)).value().address());
    CHECK(from_words->address() != kAddress);
}

TEST_CASE("a public half gives its address and no key") {
    for (const auto& entry : tests::vectors("keyfile.json").at("plain").as_array()) {
        const auto note = tests::text(entry, "note");
        if (note.find("public file") == note.npos) continue;
        const auto text = content(entry, "content_base64");
        CHECK(network::parse_public_keyfile(text).value() == tests::text(entry, "ss58"));
        CHECK_FALSE(parse_keyfile(text).has_value());
    }
    const auto refused = [](const json::object& fields) {
        return !network::parse_public_keyfile(json::serialize(fields)).has_value();
    };
    CHECK(refused({}));
    CHECK(refused({{"ss58Address", "5Dfh"}}));
    CHECK(refused({{"ss58Address", nullptr}, {"publicKey", kPublic}}));
    CHECK(refused({{"ss58Address", kAddress}, {"publicKey", "0x" + std::string(64, '1')}}));
    // As bittensor-wallet has it, nothing but the address matters.
    for (const json::object& fields :
         {json::object{{"ss58Address", kAddress}, {"publicKey", "0x00"}},
          json::object{{"ss58Address", kAddress}, {"accountId", 1}},
          json::object{{"ss58Address", "12bzRJfh7arnnfPPUZHeJUaE62QLEwhK48QnH9LXeK2m1iZU"}}}) {
        network::Oddities oddities;
        CHECK(network::parse_public_keyfile(json::serialize(fields), &oddities).value() ==
              kAddress);
        CHECK(oddities.size() == 1);
    }
}

TEST_CASE("each field that names a key is compared with the secret") {
    REQUIRE(parse_keyfile(json::serialize(whole())).has_value());
    const char* const other = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    for (const auto& [field, value] :
         {std::pair{"accountId", other}, std::pair{"publicKey", other},
          std::pair{"ss58Address", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"},
          std::pair{"ss58Address", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"}}) {
        auto fields = whole();
        fields[field] = value;
        const auto key = parse_keyfile(json::serialize(fields));
        REQUIRE_FALSE(key.has_value());
        CHECK_THAT(key.error().detail, Catch::StartsWith(field));
        fields[field] = nullptr;
        CHECK(parse_keyfile(json::serialize(fields)).has_value());
        fields.erase(field);
        CHECK(parse_keyfile(json::serialize(fields)).has_value());
    }
}

TEST_CASE("odd key files are read as bittensor-wallet 4.1.1 reads them, with a word about each") {
    struct Odd {
        std::string text, word;  // an empty word: nothing is odd
    };
    const auto with = [](std::string_view field, std::string_view value) {
        auto fields = whole();
        fields.erase(field);
        const auto text = json::serialize(fields);
        return text.substr(0, text.size() - 1) + ",\"" + std::string(field) +
               "\":" + std::string(value) + "}";
    };
    const auto plain = json::serialize(whole());
    const auto odd = GENERATE_REF(values<Odd>({
        {plain, ""},
        {" \n\t" + plain + "\r\n", ""},
        {"\xef\xbb\xbf" + plain, "byte-order mark"},
        {with("ss58Format", "42"), "1 field that key files do not have"},
        {with("meta", R"({"whenCreated":1,"a":[[{"b":[null]}]]})"), "1 field"},
        {with("deep", std::string(120, '[') + std::string(120, ']')), "1 field"},
        {with("cryptoType", "1"), ""},
        {with("cryptoType", "null"), ""},
        {with("cryptoType", "1.0"), "cryptoType is not a whole number"},
        {with("cryptoType", "0.0"), "cryptoType is not a whole number"},
        {with("cryptoType", "\"1\""), "cryptoType is not a whole number"},
        {with("cryptoType", "\"0\""), "cryptoType is not a whole number"},
        {with("cryptoType", "-1"), "cryptoType is not a whole number"},
        {with("cryptoType", "true"), "cryptoType is not a whole number"},
        {with("cryptoType", "[1]"), "cryptoType is not a whole number"},
        {with("cryptoType", "257"), "cryptoType is too large"},
        {with("secretPhrase", "1"), "secretPhrase is not text"},
        {with("secretPhrase", "[\"bottom\"]"), "secretPhrase is not text"},
        {with("secretPhrase", "null"), ""},
        {with("secretSeed", "7"), "secretSeed is not text"},
        {with("privateKey", "\"\""), ""},
        {with("secretSeed", "\"" + std::string(64, '3') + "\""), "secretSeed is another key's"},
        {with("publicKey", "1"), "publicKey is not text"},
        {with("publicKey", "\"0x11\""), "publicKey is not 32 bytes"},
        {with("accountId", "\"\""), "accountId is not 32 bytes"},
        {with("accountId", "{}"), "accountId is not text"},
        {with("ss58Address", "5"), "ss58Address is not text"},
        {with("ss58Address", "\"5Dfh\""), "ss58Address is no address"},
        {with("ss58Address", "\"12bzRJfh7arnnfPPUZHeJUaE62QLEwhK48QnH9LXeK2m1iZU\""),
         "ss58Address is written for network 0; on Bittensor the same key is " +
             std::string(kAddress)},
        {with("publicKey", "\"46EBDDEF8CD9BB167DC30878D7113B7E168E6F0646BEFFD77D69D39BAD76B47A\""),
         ""},
    }));
    CAPTURE(odd.text);
    network::Oddities oddities;
    const auto key = parse_keyfile(odd.text, &oddities);
    REQUIRE(key.has_value());
    CHECK(key->address() == kAddress);
    REQUIRE(oddities.size() == (odd.word.empty() ? 0 : 1));
    if (!odd.word.empty()) CHECK_THAT(oddities.front(), Catch::Contains(odd.word));
}

TEST_CASE("digits are read in either case, with 0x any number of times or without") {
    const std::string digits = std::string(kSeed).substr(2);
    std::string upper = digits;
    for (char& c : upper) c = char(std::toupper(c));
    for (const auto& value : {digits, upper, "0x" + upper, "0x0x" + digits}) {
        const auto key = parse_keyfile(json::serialize(json::object{{"secretSeed", value}}));
        REQUIRE(key.has_value());
        CHECK(key->address() == kAddress);
    }
    for (const auto& value : {"0X" + digits, digits + " ", digits.substr(1), std::string()})
        CHECK_FALSE(
            parse_keyfile(json::serialize(json::object{{"secretSeed", value}})).has_value());
}

TEST_CASE("what is no key file says what it is") {
    for (const auto& [text, word] : std::vector<std::pair<std::string, std::string>>{
             {"", "empty"},
             {" \n", "empty"},
             {"\xef\xbb\xbf", "empty"},
             {std::string("\xff\xfe{\0}\0", 6), "UTF-16"},
             {kSeed, "not the JSON"},
             {kPhrase, "not the JSON"},
             {"[]", "not a JSON object"},
             {"null", "not a JSON object"},
             {"{}", "no key"},
             {R"({"encoded":"x","encoding":{"version":"3"},"address":"5D","meta":{}})",
              "polkadot-js"},
             {"{\"x\":" + std::string(200, '[') + std::string(200, ']') + "}", "not the JSON"}}) {
        CAPTURE(text);
        const auto key = parse_keyfile(text);
        REQUIRE_FALSE(key.has_value());
        CHECK_THAT(key.error().detail, Catch::Contains(word));
        CHECK(key.error().detail.find("bottom") == std::string::npos);
    }
}

TEST_CASE("a broken field is named, and what it held is not shown") {
    for (const char* field : {"secretPhrase", "secretSeed", "privateKey"}) {
        for (const char* value :
             {"", "0x", "0xzz", "c0ffee", "bottom drive obey", "\\",
              "c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff0"}) {
            json::object fields{{field, value}};
            const auto key = parse_keyfile(json::serialize(fields));
            CAPTURE(field, value);
            REQUIRE_FALSE(key.has_value());
            const std::string shown = key.error().message();
            CHECK_THAT(shown, Catch::Contains(field));
            for (const char* trace : {"c0ffee", "bottom", "zz"})
                CHECK(shown.find(trace) == shown.npos);
        }
    }
}

TEST_CASE("of a cryptoType that is a whole number the lowest byte must be 0 or 1") {
    for (const char* value : {"2", "255", "258", "18446744073709551615"}) {
        auto fields = whole();
        fields["cryptoType"] = json::parse(value);
        CAPTURE(value);
        const auto key = parse_keyfile(json::serialize(fields));
        REQUIRE_FALSE(key.has_value());
        CHECK_THAT(key.error().detail, Catch::Contains("cryptoType"));
    }
    for (const char* value : {"0", "256"}) {
        const auto key = parse_keyfile(json::serialize(
            json::object{{"cryptoType", json::parse(value)}, {"secretSeed", kSeed}}));
        REQUIRE(key.has_value());
        CHECK(key->scheme() == network::Scheme::ed25519);
    }
}

TEST_CASE("no cut of a key file is a key file") {
    const std::string text = json::serialize(whole());
    for (std::size_t length = 0; length < text.size(); ++length) {
        const auto key = parse_keyfile(std::string_view(text).substr(0, length));
        REQUIRE_FALSE(key.has_value());
        CHECK(key.error().detail.find("bottom") == std::string::npos);
    }
}

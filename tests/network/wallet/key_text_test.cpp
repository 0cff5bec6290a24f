#include "network/wallet/key_text.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/wallet/keyfile.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <map>
#include <string>

using network::Errc;
using network::open_nacl;
using network::Sealing;

namespace {

// Making a key takes seconds, and all files of a password have the same. Of two wrong passwords
// any key does that is not the right one.
const network::Secret<32>& key_of(const std::string& password) {
    static std::map<std::string, network::Secret<32>> keys;
    if (password.empty() || password == "wrong password") return keys[""];
    if (!keys.contains(password)) keys.emplace(password, network::nacl_key(password).value());
    return keys.at(password);
}

std::string bytes(const boost::json::value& entry, std::string_view field) {
    const auto content = tests::base64(entry, field);
    return {content.begin(), content.end()};
}

}  // namespace

TEST_CASE("each encrypted file of the wallet opens with its password and no other") {
    int opened = 0;
    for (const auto& entry : tests::vectors("keyfile.json").at("encrypted").as_array()) {
        CAPTURE(tests::text(entry, "note"));
        const auto file = bytes(entry, "file_base64");
        if (network::sealing_of(file) != Sealing::nacl) {
            CHECK(open_nacl(file, {}).error().code == Errc::bad_key_file);
            continue;
        }
        const auto& key = key_of(tests::text(entry, "password"));
        if (const auto* digits = tests::find(entry, "derived_key_hex"))
            CHECK(network::to_hex(key.bytes()) == digits->as_string());
        const auto content = open_nacl(file, key);
        REQUIRE(content.has_value() == entry.at("ok").as_bool());
        if (!content) {
            // Too short for a nonce and a tag: no password is at fault.
            const bool cut = file.size() < 5 + 24 + 16;
            CHECK(content.error().code == (cut ? Errc::bad_key_file : Errc::wrong_password));
            continue;
        }
        ++opened;
        CHECK(content->text() == bytes(entry, "plaintext_base64"));
    }
    CHECK(opened > 0);
}

TEST_CASE("encrypted files of the SDK of 2026 open to their plain text") {
    for (const auto& entry : tests::vectors("keyfile_v11.json").at("files").as_array()) {
        CAPTURE(tests::text(entry, "name"));
        const auto content =
            open_nacl(bytes(entry, "encrypted_base64"), key_of(tests::text(entry, "password")));
        REQUIRE(content.has_value());
        const auto key = network::parse_keyfile(content->text());
        REQUIRE(key.has_value());
        CHECK(key->address() == tests::text(entry, "ss58"));
    }
}

TEST_CASE("no cut of an encrypted file opens") {
    const auto& entry = tests::vectors("keyfile_v11.json").at("files").at(0);
    const auto file = bytes(entry, "encrypted_base64");
    const auto& key = key_of(tests::text(entry, "password"));
    for (std::size_t size = 0; size < file.size(); ++size)
        CHECK_FALSE(open_nacl(std::string_view(file).substr(0, size), key).has_value());
}

TEST_CASE("the marks of sealed files are told apart") {
    CHECK(network::sealing_of("{}") == Sealing::none);
    CHECK(network::sealing_of("") == Sealing::none);
    CHECK(network::sealing_of("$NAC") == Sealing::none);
    CHECK(network::sealing_of("$NACL") == Sealing::nacl);
    CHECK(network::sealing_of("$ANSIBLE_VAULT;1.1;AES256\n") == Sealing::ansible_vault);
    CHECK(network::sealing_of("gAAAAABk") == Sealing::fernet);
}

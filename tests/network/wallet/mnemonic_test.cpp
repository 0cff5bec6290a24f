#include "network/wallet/mnemonic.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/wallet/keypair.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

using network::mini_secret;

TEST_CASE("words give the mini secret that Substrate makes of them") {
    for (const auto& entry : tests::vectors("sr25519.json").at("mnemonics").as_array()) {
        const std::string phrase = tests::text(entry, "phrase");
        CAPTURE(phrase);
        const auto secret = mini_secret(phrase, tests::text(entry, "password"));
        REQUIRE(secret.has_value());
        CHECK(network::to_hex(secret->bytes()) == tests::text(entry, "mini_secret_hex"));
        CHECK(network::Keypair::from_seed(*secret).address() == tests::text(entry, "ss58"));
    }
}

TEST_CASE("broken phrases are refused, and blanks between words forgiven") {
    for (const auto& entry : tests::vectors("sr25519.json").at("bad_mnemonics").as_array()) {
        CAPTURE(tests::text(entry, "why"));
        const auto secret = mini_secret(tests::text(entry, "phrase"));
        const auto* key = tests::find(entry, "public_hex");
        REQUIRE(secret.has_value() == (key != nullptr));
        if (key != nullptr) {
            CHECK(network::to_hex(network::Keypair::from_seed(*secret).public_key()) ==
                  tests::text(entry, "public_hex"));
        } else {
            CHECK(secret.error().code == network::Errc::bad_key_file);
        }
    }
}

TEST_CASE("a refusal tells where a phrase is wrong and never what it says") {
    const std::string eleven = "more find ski cage sound excuse reunion used sail basket faith";
    const auto unknown = mini_secret(eleven + " bittensor").error().detail;
    CHECK_THAT(unknown, Catch::Contains("word 12"));
    CHECK_THAT(mini_secret(eleven + " abandon").error().detail, Catch::Contains("checksum"));
    CHECK_THAT(mini_secret(eleven).error().detail, Catch::Contains("12, 15, 18, 21 or 24"));
    for (const char* word : {"bittensor", "faith", "more"})
        CHECK(unknown.find(word) == unknown.npos);
}

TEST_CASE("a megabyte of words is refused as quickly as twenty-five") {
    std::string many;
    for (int i = 0; i < 100'000; ++i) many += "abandon ";
    CHECK_FALSE(mini_secret(many).has_value());
    CHECK_FALSE(mini_secret(std::string(1 << 20, 'a')).has_value());
}

#include "network/wallet/ss58.hpp"

#include "network/errc.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

using network::ss58_decode;
using network::ss58_encode;

TEST_CASE("keys become the addresses that the SDK gives them, and back") {
    for (const auto& entry : tests::vectors("ss58.json").at("cases").as_array()) {
        const auto key = tests::exactly<32>(tests::hex(entry, "public_hex"));
        const std::string address = tests::text(entry, "ss58");
        CAPTURE(address);
        CHECK(ss58_encode(key) == address);
        const auto decoded = ss58_decode(address);
        REQUIRE(decoded.has_value());
        CHECK(*decoded == key);
    }
}

TEST_CASE("every broken address is refused") {
    for (const auto& entry : tests::vectors("ss58.json").at("invalid").as_array()) {
        const std::string address = tests::text(entry, "ss58");
        CAPTURE(address, tests::text(entry, "why"));
        const auto decoded = ss58_decode(address);
        REQUIRE_FALSE(decoded.has_value());
        CHECK(decoded.error().code == network::Errc::bad_address);
    }
}

TEST_CASE("a refusal says what is wrong with an address") {
    const std::string good = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    CHECK(ss58_decode("").error().detail == "empty");
    CHECK_THAT(ss58_decode("0" + good.substr(1)).error().detail, Catch::Contains("base58"));
    CHECK_THAT(ss58_decode(good.substr(0, 47) + "X").error().detail, Catch::Contains("checksum"));
    CHECK_THAT(ss58_decode("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5").error().detail,
               Catch::Contains("another network"));
    CHECK_THAT(ss58_decode(std::string(100'000, '5')).error().detail, Catch::Contains("too long"));
    CHECK_THAT(ss58_decode(std::string(48, '1')).error().detail, Catch::Contains("length"));
}

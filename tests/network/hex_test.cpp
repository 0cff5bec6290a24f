#include "network/hex.hpp"

#include "tests/support/catch.hpp"

#include <array>

using network::from_hex;

TEST_CASE("hex is read in either case, with or without 0x, at exactly the length") {
    std::array<std::uint8_t, 2> bytes{};
    for (const char* text : {"beef", "BEEF", "0xbeef", "0xBeEf"}) {
        bytes = {};
        CHECK(from_hex(text, bytes));
        CHECK(network::to_hex(bytes) == "beef");
    }
    for (const char* text :
         {"", "0x", "bee", "beefs", "beef00", "be", "0x0xbeef", "beeg", "be f", "0Xbeef"}) {
        CAPTURE(text);
        CHECK_FALSE(from_hex(text, bytes));
    }
}

TEST_CASE("no digits are no bytes") {
    CHECK(from_hex("", {}));
    CHECK(from_hex("0x", {}));
    CHECK_FALSE(from_hex("00", {}));
    CHECK(network::to_hex({}).empty());
}

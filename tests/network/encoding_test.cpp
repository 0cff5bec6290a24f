#include "network/encoding.hpp"

#include <catch2/catch.hpp>

using network::from_base64;
using network::from_hex;

namespace {

std::string round_trip(std::string_view text) {
    const auto bytes = from_base64(text);
    return bytes ? network::to_base64(*bytes) : "refused";
}

}  // namespace

TEST_CASE("base64 is that of RFC 4648") {
    for (const char* text :
         {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "+/+/"}) {
        CHECK(round_trip(text) == text);
    }
}

TEST_CASE("base64 with anything odd about it is refused") {
    for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zm9v\n", " Zm9v", "Zm9-", "Zm_v",
                             "Zh==", "====", "Zg==Zg=="}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64(text));
    }
}

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

#include "network/base64.hpp"

#include "network/errc.hpp"

#include <catch2/catch.hpp>

using network::base64_decode;
using network::base64_encode;

namespace {

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

TEST_CASE("base64 is that of RFC 4648, both ways") {
    const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : cases) {
        CHECK(base64_encode(bytes(plain)) == text);
        CHECK(base64_decode(text).value() == bytes(plain));
    }
    CHECK(base64_decode("+/+/").value() == std::vector<std::uint8_t>{0xfb, 0xff, 0xbf});
}

TEST_CASE("what is not exactly base64 is malformed") {
    for (const std::string text :
         {"Zg", "Zg=", "Zg===", "Zm9v\n", " Zm9v", "Zm 9v", "-_-_", "Z",
          "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm9vYg==Zm9v", "\x8bI\x8bI"}) {
        INFO(text);
        const auto decoded = base64_decode(text);
        REQUIRE_FALSE(decoded.has_value());
        CHECK(decoded.error().code == network::Errc::malformed);
    }
    CHECK_FALSE(base64_decode(std::string_view("Zm9\0", 4)).has_value());
}

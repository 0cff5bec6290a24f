#include "network/base64.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "tests/support/catch.hpp"

using network::base64_decode;
using network::base64_decode_loosely;
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

namespace {

// What CPython 3.11's base64.b64decode(text) does. Where it says "Incorrect padding", the bytes are
// those of text + "==".
enum class Python { decodes, incorrect_padding, one_more };
struct Vector {
    std::string_view text;
    Python outcome;
    std::string_view hex;
};
const Vector kVectors[] = {
    {"", Python::decodes, ""},
    {"QQ==", Python::decodes, "41"},
    {"QUI=", Python::decodes, "4142"},
    {"QUJD", Python::decodes, "414243"},
    {"QUJD\n", Python::decodes, "414243"},
    {"QUJD\r\n", Python::decodes, "414243"},
    {"QU\r\nJD", Python::decodes, "414243"},
    {"  QUJD  ", Python::decodes, "414243"},
    {"QU JD", Python::decodes, "414243"},
    {"Q U J D", Python::decodes, "414243"},
    {"QQ", Python::incorrect_padding, "41"},
    {"QUI", Python::incorrect_padding, "4142"},
    {"QUJDRA", Python::incorrect_padding, "41424344"},
    {"QUJDRE", Python::incorrect_padding, "41424344"},
    {"Q", Python::one_more, ""},
    {"QUJDR", Python::one_more, ""},
    {"QQ=", Python::incorrect_padding, "41"},
    {"=QQ==", Python::decodes, "41"},
    {"=QUJD", Python::decodes, "414243"},
    {"====", Python::decodes, ""},
    {"=", Python::decodes, ""},
    {"Q=", Python::one_more, ""},
    {"Q===", Python::one_more, ""},
    {"Q=Q=", Python::incorrect_padding, "41"},
    {"Q=Q==", Python::decodes, "41"},
    {"QQ=Q", Python::incorrect_padding, "4104"},
    {"QQ=Q=", Python::decodes, "4104"},
    {"QQ==QUJD", Python::decodes, "41"},
    {"QQ==garbage!", Python::decodes, "41"},
    {"QUI=QUI=", Python::decodes, "4142"},
    {"QUJD====", Python::decodes, "414243"},
    {"QUJD=", Python::decodes, "414243"},
    {"QUJD==", Python::decodes, "414243"},
    {"-_-_", Python::decodes, ""},
    {"QU-JD", Python::decodes, "414243"},
    {"QU_JD_", Python::decodes, "414243"},
    {"Q-Q-=-=-", Python::decodes, "41"},
    {"QR==", Python::decodes, "41"},
    {"QUJ=", Python::decodes, "4142"},
    {"QUJ", Python::incorrect_padding, "4142"},
    {{"\000QUJD", 5}, Python::decodes, "414243"},
    {"QU\177JD", Python::decodes, "414243"},
    {"QUJD\013\014\t", Python::decodes, "414243"},
    {"!!!!", Python::decodes, ""},
    {"!", Python::decodes, ""},
    {"QQ= =", Python::decodes, "41"},
    {"QQ=\n=\n", Python::decodes, "41"},
    {"QQ\n==\n", Python::decodes, "41"},
    {"QUI\n=", Python::decodes, "4142"},
    {"+/+/", Python::decodes, "fbffbf"},
    {"-/-/", Python::incorrect_padding, "ff"},
    {"aaaaa", Python::one_more, ""},
    {"ab%3D%3D", Python::incorrect_padding, "69bdc3dc"},
    {"QUJDQUJDQUJD\nQUJDQUJDQUJD\nQQ==\n", Python::decodes,
     "41424341424341424341424341424341424341"},
    {"z= QA-", Python::incorrect_padding, "cd00"},
    {"/\n", Python::one_more, ""},
    {"-", Python::decodes, ""},
    {"QA==", Python::decodes, "40"},
    {"9A", Python::incorrect_padding, "f4"},
    {"=Q\nA9  \nQ", Python::decodes, "400f50"},
    {"\n=Q9Q-z+=z", Python::incorrect_padding, "43d433fb"},
    {"A\n+- zA\n\n", Python::decodes, "03ecc0"},
    {"9/A-A\nQ\n9= ", Python::incorrect_padding, "f7f00043"},
    {"=/=\n=/+9z", Python::one_more, ""},
    {"9A\n+-=/=+\nAA", Python::decodes, "f40f"},
    {"=z/z==Q A", Python::decodes, "cffc"},
    {"\n///\n=\n=A", Python::decodes, "ffff"},
    {"+=", Python::one_more, ""},
    {" AQ+ \n =+= /", Python::decodes, "010f"},
    {"z\nA=Q9", Python::decodes, "cc043d"},
    {"z9===", Python::decodes, "cf"},
    {"z=", Python::one_more, ""},
    {"-+z=-+=", Python::decodes, "fb3f"},
    {" =9zAz", Python::decodes, "f73033"},
    {"9 9", Python::incorrect_padding, "f7"},
    {"z++Qz=-/\n\n", Python::incorrect_padding, "cfef90cf"},
};

}  // namespace

TEST_CASE("base64 of others is read as Python reads it, padding or not") {
    for (const auto& [text, outcome, hex] : kVectors) {
        INFO("'" << text << "'");
        const auto read = base64_decode_loosely(text);
        if (outcome == Python::one_more) {
            REQUIRE_FALSE(read.has_value());
            CHECK(read.error().code == network::Errc::malformed);
            CHECK(read.error().detail.find("1 more than a multiple of 4") != std::string::npos);
            continue;
        }
        REQUIRE(read.has_value());
        CHECK(network::to_hex(read->bytes) == hex);
        const bool unpadded = read->oddity.find("no padding") != std::string::npos;
        CHECK(unpadded == (outcome == Python::incorrect_padding));
        CHECK(read->oddity.empty() == base64_decode(text).has_value());
    }
}

TEST_CASE("a picture's base64 may have line ends, or stand in a data: URI") {
    const std::vector<std::uint8_t> picture(200, 0xa5);
    const auto plain = base64_encode(picture);
    std::string lines;
    for (std::size_t at = 0; at < plain.size(); at += 76) lines += plain.substr(at, 76) + "\r\n";
    for (const auto& [text, oddity] :
         {std::pair(plain, ""), std::pair(lines, "8 characters that are no base64"),
          std::pair(plain.substr(0, plain.find('=')), "no padding"),
          std::pair("data:image/png;base64," + plain, "a data: URI"),
          std::pair("DATA:;charset=utf-8;BASE64," + lines,
                    "a data: URI, 8 characters that are no base64")}) {
        const auto read = base64_decode_loosely(text);
        REQUIRE(read.has_value());
        CHECK(read->bytes == picture);
        CHECK(read->oddity == oddity);
    }
}

TEST_CASE("what is no data: URI of base64 is not taken for one") {
    // Python would decode the letters in front, too.
    for (const std::string text : {"data:,QUJD", "data:image/pngs,QUJD", "data;base64,QUJDRA"}) {
        INFO(text);
        const auto read = base64_decode_loosely(text);
        REQUIRE(read.has_value());
        CHECK(read->oddity.find("URI") == std::string::npos);
    }
    CHECK_FALSE(base64_decode_loosely("QU\xc3\xa4JD").has_value());
}

#include "config/escape.hpp"

#include <catch2/catch.hpp>

using namespace config;

TEST_CASE("only a word without surprises is plain") {
    CHECK(is_plain("5E7e"));
    CHECK(is_plain("/a/b.png"));
    CHECK(is_plain("Köln"));
    for (const char* text :
         {"", "a b", "a=b", "\"", "\\", "a\n", "\x1b[2J", "\xff", "a\xe2\x80\xae"})
        CHECK_FALSE(is_plain(text));
}

TEST_CASE("text in quotes cannot leave its line or steer a terminal") {
    CHECK(quoted("a b") == R"("a b")");
    CHECK(quoted("a\"b\\c\nd\re\tf") == R"("a\"b\\c\nd\re\tf")");
    CHECK(quoted(std::string_view("\x1b[2J\0\x7f", 6)) == R"("\x1b[2J\x00\x7f")");
    CHECK(quoted("\xc2\x9b") == R"("\x9b")");  // C1: another way to begin a control sequence
    CHECK(quoted("\xe2\x80\xae") == R"("\u{202e}")");  // right-to-left override
    CHECK(quoted("\xe2\x80\xa8") == R"("\u{2028}")");  // line separator
    CHECK(quoted("Grüße 🚀") == "\"Grüße 🚀\"");
}

TEST_CASE("bytes that are no UTF-8 are shown as bytes, and replaced in JSON") {
    struct Case {
        std::string bytes, shown;
    };
    const auto c = GENERATE(values<Case>({
        {"\xff", R"("\xff")"},
        {"\xc0\x80", R"("\xc0\x80")"},                  // overlong zero
        {"\xe0\x80\xaf", R"("\xe0\x80\xaf")"},          // overlong slash
        {"\xed\xa0\x80", R"("\xed\xa0\x80")"},          // surrogate
        {"\xf4\x90\x80\x80", R"("\xf4\x90\x80\x80")"},  // past the last character
        {"\xe2\x82", R"("\xe2\x82")"},                  // cut
        {"a\xc3(", R"("a\xc3(")"},
    }));
    CHECK(quoted(c.bytes) == c.shown);
    CHECK(json_quoted(c.bytes).find("\\ufffd") != std::string::npos);
}

TEST_CASE("JSON strings are escaped as JSON wants") {
    CHECK(json_quoted("a\"b\\\n\x01") == R"("a\"b\\\n\u0001")");
    CHECK(json_quoted("ü") == "\"ü\"");
    CHECK(json_quoted("") == "\"\"");
}

TEST_CASE("long text is cut between characters") {
    CHECK(quoted(std::string(10, 'x'), 4) == "\"xxxx…\"");
    CHECK(quoted("xxxx", 4) == "\"xxxx\"");
    CHECK(quoted("xxxü", 4) == "\"xxx…\"");
    CHECK(json_quoted(std::string(5'000'000, 'x')).size() < 2'100);
}

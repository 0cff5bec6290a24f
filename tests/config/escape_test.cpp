#include "config/escape.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/hostile.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

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
    CHECK(config::quoted(c.bytes) == c.shown);
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

TEST_CASE("no hostile text steers what it goes to, and none grows without a bound") {
    for (const auto& text : tests::hostile_texts()) {
        INFO(quoted(text, 60));
        for (const auto& safe :
             {printable(text), config::quoted(text), json_quoted(text), label(text)}) {
            CHECK_FALSE(tests::steers(safe));
            CHECK(safe.find('\n') == std::string::npos);
            CHECK(safe.size() <= 6 * 2'000 + 5);
        }
        CHECK_FALSE(tests::steers(printable_lines(text)));
        CHECK_FALSE(tests::steers(csv_field(text)));
        CHECK_FALSE(tests::steers(json_text(boost::json::serialize(boost::json::string(text)))));
    }
}

TEST_CASE("a terminal is shown what is readable as it is, and the rest by its escape") {
    CHECK(printable("Grüße 🚀 \"a\\b\"") == "Grüße 🚀 \"a\\b\"");
    CHECK(printable("\x1b]0;x\x07") == "\\x1b]0;x\\x07");
    CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
    CHECK(printable("a\nb\tc") == "a\\nb\\tc");
    CHECK(printable_lines("a\nb\rc") == "a\nb\\rc");
    CHECK(printable("\xe2\x80\xae") == "\\u{202e}");
    CHECK(printable("\xff") == "\\xff");
    CHECK(printable("abcdef", 3) == "abc…");
}

TEST_CASE("JSON keeps the values of its strings, whatever they hold") {
    for (const auto& text : tests::hostile_texts()) {
        INFO(quoted(text, 60));
        boost::json::error_code error;
        const auto read =
            boost::json::parse(json_text(boost::json::serialize(boost::json::string(text))), error);
        REQUIRE_FALSE(error);
        const bool is_utf8 =
            !boost::json::parse(boost::json::serialize(boost::json::string(text)), error).is_null();
        if (is_utf8) CHECK(read.as_string() == text);
        boost::json::parse(json_quoted(text, kWhole), error);
        CHECK_FALSE(error);
    }
    CHECK(json_text("{\"a\":\"\xff\xc2\x9b\xf3\xa0\x81\x81ü\"}") ==
          R"({"a":"\ufffd\u009b\udb40\udc41ü"})");
}

TEST_CASE("a field of CSV stays one field on one line") {
    CHECK(csv_field("plain") == "plain");
    CHECK(csv_field("a,b") == "\"a,b\"");
    CHECK(csv_field("say \"a\"") == "\"say \"\"a\"\"\"");
    CHECK(csv_field("a\nb") == "a\\nb");
}

TEST_CASE("columns are those of a terminal, and shortening cuts no character") {
    CHECK(columns("abc") == 3);
    CHECK(columns("Grüße") == 5);
    CHECK(columns("漢字") == 4);
    CHECK(columns("e\xcc\x81") == 1);
    CHECK(shortened("0123456789", 10) == "0123456789");
    CHECK(shortened("0123456789", 8) == "012..789");
    CHECK(shortened("äöüßäöüßäö", 7) == "äöü..äö");
    for (std::size_t most = 2; most < 20; ++most) {
        const auto text = shortened("漢字漢字漢字漢字漢字", most);
        CHECK(columns(text) <= most);
        CHECK_FALSE(tests::steers(text));
    }
}

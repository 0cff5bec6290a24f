#include "generator/text/normalize.hpp"

#include "tests/support/catch.hpp"

#include <tuple>

using namespace generator;

TEST_CASE("prompts are composed, lower case, and have single spaces") {
    const auto [prompt, want] = GENERATE(table<std::string, std::u32string>({
        {"", U""},
        {" A\t\n B ", U" a b "},
        {"e\xcc\x81", U"\u00e9"},
        {"\xc4\xb0", U"i\u0307"},
        {"\xe1\xba\x9e\xce\xa3", U"\u00df\u03c3"},
        {"\xc2\xa0\xe3\x80\x80\xc2\x85", U" "},
        {"\xff", U"\ufffd"},
        {std::string("\0", 1), std::u32string(1, U'\0')},
    }));
    CHECK((normalize(prompt) == want));
}

TEST_CASE("words are contractions, runs of letters, single digits and runs of the rest") {
    using Parts = std::vector<std::u32string_view>;
    CHECK((words(U"it's 3d!!") == Parts{U"it", U"'s", U"3", U"d", U"!!"}));
    CHECK((words(U"we'll'") == Parts{U"we", U"'ll", U"'"}));
    CHECK((words(U"''s") == Parts{U"''", U"s"}));
    CHECK((words(U"a\u0301") == Parts{U"a", U"\u0301"}));
    CHECK((words(U"<|endoftext|>!") == Parts{U"<|", U"endoftext", U"|>", U"!"}));
    CHECK(words(U"  ").empty());
}

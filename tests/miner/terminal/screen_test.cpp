#include "miner/terminal/screen.hpp"

#include "tests/support/catch.hpp"

using miner::cut_line;
using miner::Key;
using miner::take_key;

TEST_CASE("a line is cut by columns, not by bytes") {
    CHECK(cut_line("chair", 10) == "chair");
    CHECK(cut_line("chair", 3) == "cha");
    CHECK(cut_line("chair", 0).empty());
    CHECK(cut_line("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9");
    // A wide character does not stand in half its room.
    CHECK(cut_line("a\xe7\x95\x8c\xe7\x95\x8c", 4) == "a\xe7\x95\x8c");
    CHECK(cut_line("a\xe7\x95\x8c\xe7\x95\x8c", 5) == "a\xe7\x95\x8c\xe7\x95\x8c");
    // An accent of its own takes no column.
    CHECK(cut_line("e\xcc\x81o", 2) == "e\xcc\x81o");
}

TEST_CASE("colours take no column and end at the cut, and nothing else steers the terminal") {
    CHECK(cut_line("\033[1;32mgreen\033[0m", 5) == "\033[1;32mgreen\033[0m");
    CHECK(cut_line("\033[32mgreen\033[0m", 3) == "\033[32mgre\033[0m");
    CHECK(cut_line("\033[2Ja\r\tb\033]0;x\a", 20) == "[2Jab]0;x");
    CHECK(cut_line("\033[", 20) == "[");
}

TEST_CASE("keys are known one by one, however they arrive") {
    std::string typed = "xj\033[A\033[6~\033[1;5Cq";
    CHECK(take_key(typed) == Key::down);
    CHECK(take_key(typed) == Key::up);
    CHECK(take_key(typed) == Key::page_down);
    CHECK(take_key(typed) == Key::quit);
    CHECK(take_key(typed) == Key::none);
    CHECK(typed.empty());

    typed = "\033";
    CHECK(take_key(typed) == Key::none);
    typed += "[";
    CHECK(take_key(typed) == Key::none);
    typed += "B";
    CHECK(take_key(typed) == Key::down);

    typed = "\033q";  // Escape, then q
    CHECK(take_key(typed) == Key::quit);
    typed = "\033[" + std::string(100, '1');  // no end in sight
    CHECK(take_key(typed) == Key::none);
    CHECK(typed.empty());
}

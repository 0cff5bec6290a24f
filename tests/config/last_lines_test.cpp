#include "config/last_lines.hpp"

#include "tests/support/catch.hpp"

#include <unistd.h>

#include <string>

namespace {

std::string written() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    config::write_last_lines(ends[1]);
    ::close(ends[1]);
    std::string text(100'000, '\0');
    const auto got = ::read(ends[0], text.data(), text.size());
    ::close(ends[0]);
    text.resize(got < 0 ? 0 : std::size_t(got));
    return text;
}

}  // namespace

TEST_CASE("the newest forty lines are kept, oldest first, and long ones in part") {
    for (int i = 0; i < 100; ++i) config::keep_line("line " + std::to_string(i));
    std::string expected;
    for (int i = 60; i < 100; ++i) expected += "line " + std::to_string(i) + "\n";
    CHECK(written() == expected);
    config::keep_line(std::string(10'000, 'x'));
    const auto text = written();
    CHECK(text.starts_with("line 61\n"));
    CHECK(text.ends_with("line 99\n" + std::string(500, 'x') + "\n"));
}

#include "miner/batch/csv.hpp"

#include "miner/batch/errc.hpp"
#include "tests/support/catch.hpp"

using Fields = std::vector<std::string>;
using miner::BatchErrc;
using miner::parse_csv;

TEST_CASE("fields come as they were put in, with commas, quotes and line ends in quotes") {
    const auto rows =
        parse_csv("a,b,c\r\n\"x, y\",\"say \"\"hi\"\"\",\r\n\n\"two\nlines\",z\n").value();
    REQUIRE(rows.size() == 3);
    CHECK(rows[0].fields == Fields{"a", "b", "c"});
    CHECK(rows[1].fields == Fields{"x, y", "say \"hi\"", ""});
    CHECK(rows[2].fields == Fields{"two\nlines", "z"});
    CHECK(rows[1].line == 2);
    CHECK(rows[2].line == 4);
}

TEST_CASE("the last line needs no end, and an empty text has no rows") {
    CHECK(parse_csv("a,\"b\"").value().front().fields == Fields{"a", "b"});
    CHECK(parse_csv("a,").value().front().fields == Fields{"a", ""});
    CHECK(parse_csv("").value().empty());
    CHECK(parse_csv("\n\r\n").value().empty());
}

TEST_CASE("rows whose fields are all blank are none") {
    const auto rows = parse_csv("a,b\n,\n , \t\r\n\"\",\n,c\n").value();
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].fields == Fields{"", "c"});
    CHECK(rows[1].line == 5);
}

TEST_CASE("semicolons stand between fields where the first line has them for commas") {
    CHECK(miner::csv_separator("a;b\n1,5;2\n") == ';');
    CHECK(miner::csv_separator("a,b\n1;5,2\n") == ',');
    CHECK(miner::csv_separator("a\n1;5\n") == ',');
    CHECK(miner::csv_separator("") == ',');
    const auto rows = parse_csv("a;b\na, b;\"c;\"\n", {}, ';').value();
    CHECK(rows[1].fields == Fields{"a, b", "c;"});
}

TEST_CASE("what is no CSV is refused with the line that it begins on") {
    const auto refused = [](std::string_view text) { return parse_csv(text).error(); };
    CHECK(refused("a\nb,\"open\nand on\n").code == BatchErrc::bad_list);
    CHECK(refused("a\nb,\"open\nand on\n").detail == "line 2: a quote is not closed");
    CHECK_THAT(refused("\"two\nlines\",\"a\"b\n").detail, Catch::Contains("line 2: text behind"));
    CHECK(refused(std::string_view("a\0b", 3)).code == BatchErrc::bad_list);
}

TEST_CASE("rows, fields and bytes have limits") {
    const miner::CsvLimits limits{.rows = 2, .fields = 3, .bytes = 4};
    CHECK(parse_csv("a\nb\n", limits).has_value());
    CHECK(parse_csv("a\nb\nc\n", limits).error().code == BatchErrc::too_large);
    CHECK(parse_csv("1,2,3\n", limits).has_value());
    CHECK(parse_csv("1,2,3,4\n", limits).error().code == BatchErrc::too_large);
    CHECK(parse_csv("1234\n", limits).has_value());
    CHECK(parse_csv("12345\n", limits).error().code == BatchErrc::too_large);
    CHECK(parse_csv("\"12345\"\n", limits).error().code == BatchErrc::too_large);
}

#include "miner/server/request.hpp"

#include "tests/support/catch.hpp"

using miner::read_number;
using miner::read_request;

TEST_CASE("a target is taken apart into decoded segments and values") {
    const auto request = read_request("GET", "/api/tasks/7/asset.spz?limit=5&before=9&x=%41");
    REQUIRE(request.has_value());
    CHECK(request->is({"api", "tasks", "7", "asset.spz"}));
    CHECK_FALSE(request->is({"api", "tasks"}));
    CHECK(request->query.at("limit") == "5");
    CHECK(request->query.at("x") == "A");
    CHECK(read_request("GET", "/")->path.size() <= 1);
}

TEST_CASE("targets that are no paths are refused, and dots lead nowhere") {
    CHECK_FALSE(read_request("GET", "http://elsewhere/").has_value());
    CHECK_FALSE(read_request("GET", "/a b").has_value());
    CHECK_FALSE(read_request("GET", "/%zz").has_value());
    CHECK_FALSE(read_request("GET", "").has_value());
    const auto up = read_request("GET", "/page/%2e%2e/x");
    REQUIRE(up.has_value());
    CHECK(up->path == std::vector<std::string>{"page", "..", "x"});
    CHECK(read_request("GET", "/page/..%2fx")->path == std::vector<std::string>{"page", "../x"});
}

TEST_CASE("a path is the same whether its letters are percent-encoded or not") {
    CHECK(miner::path_of("/generate?x=%41") == "/generate");
    CHECK(miner::path_of("/%67enerate") == "/generate");
    CHECK(miner::path_of("/a%2Fb?") == "/a/b");
    CHECK(miner::path_of("*") == "*");
    CHECK(miner::path_of("/%zz?x") == "/%zz");
}

TEST_CASE("decimals are plain numbers within their bounds, or none") {
    CHECK(miner::read_decimal("0.6", 0, 2) == 0.6);
    CHECK(miner::read_decimal("0", 0, 2) == 0);
    CHECK(miner::read_decimal("2", 0, 2) == 2);
    for (const auto* text : {"", "-0.1", "2.1", "nan", "inf", "0,6", "0.6 ", "+0.6", "0x1"})
        CHECK_FALSE(miner::read_decimal(text, 0, 2).has_value());
}

TEST_CASE("numbers are whole and within their bounds, or none") {
    CHECK(read_number("7", 1, 10) == 7);
    CHECK(read_number("-1", -1, 10) == -1);
    for (const auto* text : {"", "0", "11", "7 ", " 7", "+7", "7.0", "0x7", "99999999999999999999"})
        CHECK_FALSE(read_number(text, 1, 10).has_value());
}

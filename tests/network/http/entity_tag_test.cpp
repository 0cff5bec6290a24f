#include "network/http/entity_tag.hpp"

#include "tests/support/catch.hpp"

using network::HttpHeaders;
using network::names_entity_tag;

namespace {

bool names(const std::string& value, std::string_view tag = "\"a1\"") {
    return names_entity_tag({{"If-None-Match", value}}, tag);
}

}  // namespace

TEST_CASE("If-None-Match names one tag, or several, weak ones like strong ones, or all") {
    CHECK(names("\"a1\""));
    CHECK(names("W/\"a1\""));
    CHECK(names("\"b\", W/\"c,\" ,\t\"a1\""));
    CHECK(names(", ,\"a1\","));
    CHECK(names("\"x, y\",\"a1\""));
    CHECK(names("*"));
    CHECK(names("\"\"", "\"\""));
    CHECK_FALSE(names("\"\""));
    CHECK_FALSE(names("\"A1\""));
    CHECK_FALSE(names("\"a11\""));
    CHECK_FALSE(names("\"b\", \"c\""));
    CHECK_FALSE(names("\"x,\"a1\",y\""));
    CHECK_FALSE(names(""));
    CHECK_FALSE(names("\"*\""));
}

TEST_CASE("what is no list of tags names none from there on") {
    for (const auto* value : {"a1", "\"a1", "a1\"", "w/\"a1\"", "W/ \"a1\"", "W/", "W/W/\"a1\"",
                              "\"b\" \"a1\"", "b, \"a1\"", "\"b\"x, \"a1\"", "*, \"a1\""}) {
        INFO(value);
        CHECK_FALSE(names(value));
    }
    CHECK(names("\"a1\", nonsense"));
}

TEST_CASE("tags are looked for in every If-None-Match, and in nothing else") {
    const HttpHeaders several{{"if-none-match", "\"b\""}, {"IF-NONE-MATCH", "\"a1\""}};
    CHECK(names_entity_tag(several, "\"a1\""));
    CHECK_FALSE(names_entity_tag(several, "\"c\""));
    CHECK_FALSE(names_entity_tag({{"if-match", "\"a1\""}}, "\"a1\""));
    CHECK_FALSE(names_entity_tag({}, "\"a1\""));
}

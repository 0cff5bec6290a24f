#include "network/http/date.hpp"

#include "tests/support/catch.hpp"

using network::http_date;
using network::parse_http_date;

TEST_CASE("a date is read in the format of today and in both that are obsolete") {
    // RFC 9110, section 5.6.7.
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"})
        CHECK(parse_http_date(text) == 784111777);
    CHECK(parse_http_date(http_date(1'732'350'000)) == 1'732'350'000);
    CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("what is no date is none") {
    for (const char* text :
         {"", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
          "Sun, 06 Nov 1994 08:49:37 GMT and more", "784111777", "Sun, 99 Nov 1994 08:49:37 GMT"})
        CHECK_FALSE(parse_http_date(text).has_value());
    CHECK_FALSE(parse_http_date(std::string(100'000, ' ') + "Sun, 06 Nov 1994 08:49:37 GMT"));
}

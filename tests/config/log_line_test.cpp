#include "config/log_line.hpp"

#include "tests/support/catch.hpp"

#include <cmath>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <type_traits>
#include <vector>

using namespace config;
using namespace std::chrono_literals;

namespace {

// 2026-11-23 14:02:11.123 UTC
const auto kTime = std::chrono::system_clock::time_point(1'795'442'531'123ms);

LogEvent event_of(std::initializer_list<LogField> fields, std::string_view name = "sparse",
                  Level level = Level::info) {
    return {kTime, level, name, {fields.begin(), fields.size()}};
}

std::string text_of(std::initializer_list<LogField> fields) {
    const std::string line = text_line(event_of(fields));
    return line.substr(std::string("2026-11-23 14:02:11.123 INFO  sparse").size());
}

std::string json_of(std::initializer_list<LogField> fields) { return json_line(event_of(fields)); }

struct Utc {
    Utc() {
        setenv("TZ", "UTC", 1);
        tzset();
    }
    ~Utc() {
        unsetenv("TZ");
        tzset();
    }
};

class Secret {};

}  // namespace

TEST_CASE("an event is one line that people can read and operators can grep") {
    const Utc utc;
    CHECK(text_line(event_of({{"task", "4f1c"},
                              {"attempt", 1},
                              {"gaussians", std::int64_t(97'000)},
                              {"ms", 812ms}})) ==
          "2026-11-23 14:02:11.123 INFO  sparse task=4f1c attempt=1 gaussians=97000 ms=812");
    CHECK(text_line(event_of({}, "retry successful", Level::warn)) ==
          "2026-11-23 14:02:11.123 WARN  retry successful");
    CHECK(text_line(event_of({}, "x", Level::error)) == "2026-11-23 14:02:11.123 ERROR x");
}

TEST_CASE("an event is one JSON object whose numbers are numbers") {
    CHECK(
        json_of({{"task", std::string("4f1c")},
                 {"attempt", 1},
                 {"score", 0.5},
                 {"ok", true},
                 {"seed", std::uint64_t(-1)}}) ==
        R"({"time":"2026-11-23T14:02:11.123Z","level":"info","event":"sparse","task":"4f1c","attempt":1,"score":0.5,"ok":true,"seed":18446744073709551615})");
}

TEST_CASE("no number makes JSON invalid") {
    CHECK(json_of({{"score", std::nan("")}}).ends_with(R"("score":null})"));
    CHECK(json_of({{"score", INFINITY}}).ends_with(R"("score":null})"));
    CHECK(text_of({{"score", std::nan("")}}) == " score=nan");
}

TEST_CASE("a key in an address does not reach the log") {
    CHECK(text_of({{"url", "wss://host/v3/s3cretKey"}}) == " url=wss://host/v3/***");
    CHECK(text_of({{"error", "wss://u:s3cret@host: 403"}}) == R"( error="wss://***@host: 403")");
    CHECK(json_of({{"url", "wss://host"}, {"error", "wss://host?apikey=s3cret"}})
              .ends_with(R"("url":"wss://host","error":"wss://host?apikey=***"})"));
}

TEST_CASE("hostile text cannot forge a line or a field") {
    CHECK(text_of({{"reason", "x\n2026-11-23 14:02:12.000 INFO  accepted"}}) ==
          R"( reason="x\n2026-11-23 14:02:12.000 INFO  accepted")");
    CHECK(text_of({{"reason", "x gaussians=1"}}) == R"( reason="x gaussians=1")");
    CHECK(text_of({{"reason", "x\" score=\"1"}}) == R"( reason="x\" score=\"1")");
    CHECK(text_of({{"reason", ""}}) == R"( reason="")");
    CHECK(text_of({{"reason", "\x1b]0;owned\x07"}}) == R"( reason="\x1b]0;owned\x07")");
    CHECK(json_of({{"reason", "x\",\"level\":\"error"}})
              .ends_with(R"("reason":"x\",\"level\":\"error"})"));
    CHECK(json_of({{"reason", "a\nb"}}).find('\n') == std::string::npos);
}

TEST_CASE("a value from outside cannot fill the disk with one line") {
    CHECK(text_of({{"prompt", std::string(10'000'000, 'A')}}).size() < 2'100);
    CHECK(json_of({{"prompt", std::string(10'000'000, '\x01')}}).size() < 13'000);
}

TEST_CASE("what has no conversion cannot be logged") {
    STATIC_REQUIRE_FALSE(std::is_constructible_v<LogField, const char*, Secret>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<LogField, const char*, std::vector<std::uint8_t>>);
    STATIC_REQUIRE(std::is_constructible_v<LogField, const char*, std::string>);
}

#include "miner/report/error_lines.hpp"

#include "tests/support/catch.hpp"

using miner::error_in;
using miner::ErrorLines;

TEST_CASE("lines at level error are known, as the logger writes them") {
    for (const bool json : {false, true}) {
        std::vector<std::string> lines;
        config::Logger log(config::Level::trace, json,
                           [&](std::string_view line) { lines.emplace_back(line); });
        const ErrorLines errors;
        log.add(errors.sink());
        log.trace("x");
        log.debug("x");
        log.info("pulled", {{"task", "ERROR \"level\":\"error\""}});
        log.warn("ERROR not one");
        CHECK(errors.count() == 0);
        CHECK(errors.first().empty());
        log.error("not recorded", {{"step", "finished"}});
        log.error("another");
        CHECK(errors.count() == 2);
        CHECK(errors.first().find("not recorded") != std::string::npos);
        CHECK(errors.first().find("finished") != std::string::npos);
        CHECK(errors.first().find("another") == std::string::npos);
        CHECK(lines.size() == 6);
    }
}

TEST_CASE("what is no line of the log is no error") {
    for (const auto* text : {"", "ERROR", "ERROR x", "{", "{\"level\":\"error\",}", "2026 ERROR x"})
        CHECK(error_in(text).empty());
}

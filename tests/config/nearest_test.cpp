#include "config/nearest.hpp"

#include "tests/support/catch.hpp"

using config::nearest;

TEST_CASE("a word with typing errors finds the one that was meant") {
    const std::vector<std::string> words{"gate.min_gaussians", "gate.attempts", "netuid", "run",
                                         "rehearse"};
    CHECK(nearest("gate.min_gausians", words) == "gate.min_gaussians");
    CHECK(nearest("gate.atempts", words) == "gate.attempts");
    CHECK(nearest("netiud", words) == "netuid");
    CHECK(nearest("netuids", words) == "netuid");
    CHECK(nearest("rehaerse", words) == "rehearse");
}

TEST_CASE("a word unlike any other finds none") {
    const std::vector<std::string> words{"netuid", "run"};
    CHECK(nearest("photograph", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest(std::string(1'000'000, 'n'), words).empty());
    CHECK(nearest("netuid", {}).empty());
}

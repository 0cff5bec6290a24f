#include "config/version.hpp"

#include "tests/support/catch.hpp"

#include <string>

using Catch::Matchers::Matches;

TEST_CASE("a version is three numbers, and its commit has twelve digits or is not known") {
    CHECK_THAT(std::string(config::version()), Matches("[0-9]+\\.[0-9]+\\.[0-9]+"));
    CHECK_THAT(std::string(config::commit()), Matches("[0-9a-f]{12}(-dirty)?|unknown"));
    CHECK(config::version_and_commit() ==
          std::string(config::version()) + " (commit " + std::string(config::commit()) + ")");
}

#include "network/uuid.hpp"

#include "tests/support/catch.hpp"

#include <regex>
#include <set>

TEST_CASE("a uuid has version 4 and its variant, and no two are the same") {
    const std::regex shape("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto uuid = network::random_uuid();
        CHECK(std::regex_match(uuid, shape));
        CHECK(seen.insert(uuid).second);
    }
}

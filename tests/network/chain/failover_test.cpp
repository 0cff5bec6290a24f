#include "network/chain/failover.hpp"

#include "tests/support/catch.hpp"

#include <vector>

using network::Failover;
using namespace std::chrono_literals;

TEST_CASE("each node has its turn before there is a pause, and pauses grow") {
    Failover failover(3, {.first = 100ms, .longest = 1s, .jitter = 0}, 60s);
    std::vector<long> pauses;
    std::vector<std::size_t> nodes;
    for (int i = 0; i < 9; ++i) {
        nodes.push_back(failover.current());
        pauses.push_back(failover.lost(0ms, 0.5).count());
    }
    CHECK(nodes == std::vector<std::size_t>{0, 1, 2, 0, 1, 2, 0, 1, 2});
    CHECK(pauses == std::vector<long>{0, 0, 100, 0, 0, 200, 0, 0, 400});
}

TEST_CASE("a connection that lived long enough clears what was before it") {
    Failover failover(1, {.first = 100ms, .longest = 1s, .jitter = 0}, 60s);
    for (int i = 0; i < 4; ++i) (void)failover.lost(0ms, 0.5);
    CHECK(failover.lost(1s, 0.5) == 1s);  // up for a moment only
    CHECK(failover.lost(61s, 0.5) == 100ms);
}

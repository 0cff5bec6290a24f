#include "network/chain/stake.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using namespace network;

namespace {

constexpr auto kWhole = std::numeric_limits<std::uint64_t>::max();
constexpr auto kHalf = kWhole / 2;
constexpr std::uint64_t kTao = 1'000'000'000;

}  // namespace

TEST_CASE("stake is what lies on the subnet and a part of what lies on root") {
    CHECK(total_stake({100 * kTao, 0}, {}, {}, kWhole) == 100 * kTao);
    CHECK(total_stake({100 * kTao, 50 * kTao}, {}, {}, kWhole) == 150 * kTao);
    CHECK(total_stake({100 * kTao, 50 * kTao}, {}, {}, 0) == 100 * kTao);
    CHECK(total_stake({0, 1000 * kTao}, {}, {}, kWhole / 100 * 18) ==
          Approx(180 * kTao).epsilon(1e-9));
}

TEST_CASE("what counts for children is taken off, and what parents lend is put on") {
    CHECK(total_stake({100 * kTao, 20 * kTao}, {kHalf}, {}, kWhole) == Approx(60 * kTao));
    CHECK(total_stake({100 * kTao, 20 * kTao}, {kWhole}, {}, kWhole) == 0);
    CHECK(total_stake({1 * kTao, 0}, {}, {{kHalf, {10 * kTao, 4 * kTao}}}, kWhole) ==
          Approx(8 * kTao));
    // A hotkey that lends all of its own may borrow.
    CHECK(total_stake({100 * kTao, 0}, {kWhole}, {{kWhole, {7 * kTao, 0}}}, kWhole) == 7 * kTao);
}

TEST_CASE("books that contradict themselves end at the limits") {
    CHECK(total_stake({100, 100}, {kWhole, kWhole, kWhole}, {}, kWhole) == 0);
    CHECK(total_stake({kWhole, kWhole}, {}, {{kWhole, {kWhole, kWhole}}}, kWhole) == kWhole);
}

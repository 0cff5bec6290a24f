#include "miner/rehearsal/prompts.hpp"
#include "config/settings.hpp"
#include "tests/support/catch.hpp"

using miner::is_prompt;

namespace {

int prompts_among(int tasks, double share) {
    int count = 0;
    for (int i = 0; i < tasks; ++i) count += is_prompt(i, share);
    return count;
}

}  // namespace

TEST_CASE("four of five tasks are prompts, as validators hand them out") {
    const double share = config::Rehearse{}.text_share;
    for (int fives = 1; fives <= 40; ++fives) CHECK(prompts_among(5 * fives, share) == 4 * fives);
    // Spread evenly: a rehearsal of any length has both kinds, but the shortest.
    for (int tasks = 2; tasks <= 40; ++tasks) {
        CHECK(prompts_among(tasks, share) >= 1);
        CHECK(prompts_among(tasks, share) < tasks);
    }
}

TEST_CASE("all tasks are prompts, or none") {
    CHECK(prompts_among(100, 0) == 0);
    CHECK(prompts_among(100, 1) == 100);
}

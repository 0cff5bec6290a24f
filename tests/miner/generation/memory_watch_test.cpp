#include "miner/generation/memory_watch.hpp"

#include "tests/support/catch.hpp"

using miner::MemoryWatch;
using Step = MemoryWatch::Step;

TEST_CASE("candidates are given up when memory runs out in three tasks in a row, and not before") {
    MemoryWatch watch;
    CHECK(watch.ended(true, true, true) == Step::none);
    CHECK(watch.ended(true, false, true) == Step::none);
    CHECK(watch.ended(false, true, true) == Step::none);  // all is well again
    CHECK(watch.ended(true, true, true) == Step::none);
    CHECK(watch.ended(true, true, true) == Step::none);
    CHECK(watch.ended(true, true, true) == Step::no_candidates);
    CHECK(watch.ended(true, false, false) ==
          Step::none);  // what comes without them is counted anew
}

TEST_CASE("without candidates a complaint is made once, until a task has its result") {
    MemoryWatch watch;
    CHECK(watch.ended(true, false, false) == Step::none);
    CHECK(watch.ended(true, false, false) == Step::none);
    CHECK(watch.ended(true, false, false) == Step::complain);
    CHECK(watch.ended(true, false, false) == Step::none);
    CHECK(watch.ended(true, true, false) == Step::relieved);  // a later attempt had room
    CHECK(watch.ended(false, true, false) == Step::none);
    CHECK(watch.ended(true, false, false) == Step::none);
}

TEST_CASE("a task that fails for another reason neither counts nor relieves") {
    MemoryWatch watch;
    CHECK(watch.ended(true, false, false) == Step::none);
    CHECK(watch.ended(false, false, false) == Step::none);
    CHECK(watch.ended(true, false, false) == Step::none);
    CHECK(watch.ended(true, false, false) == Step::complain);
    CHECK(watch.ended(false, false, false) == Step::none);
    CHECK(watch.ended(false, true, false) == Step::relieved);
}

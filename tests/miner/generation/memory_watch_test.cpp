#include "miner/generation/memory_watch.hpp"

#include "tests/support/catch.hpp"

using miner::MemoryWatch;
using Step = MemoryWatch::Step;

TEST_CASE("candidates are given up when memory runs out in three tasks in a row, and not before") {
    MemoryWatch watch;
    CHECK(watch.ended("cuda:0", true, true, true) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, true) == Step::none);
    CHECK(watch.ended("cuda:0", false, true, true) == Step::none);  // all is well again
    CHECK(watch.ended("cuda:0", true, true, true) == Step::none);
    CHECK(watch.ended("cuda:0", true, true, true) == Step::none);
    CHECK(watch.ended("cuda:0", true, true, true) == Step::no_candidates);
    CHECK(watch.ended("cuda:0", true, false, false) ==
          Step::none);  // what comes without them is counted anew
}

TEST_CASE("without candidates a complaint is made once, until a task has its result") {
    MemoryWatch watch;
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::complain);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, true, false) == Step::relieved);  // a later attempt had room
    CHECK(watch.ended("cuda:0", false, true, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
}

TEST_CASE("a task that fails for another reason neither counts nor relieves") {
    MemoryWatch watch;
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", false, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", true, false, false) == Step::complain);
    CHECK(watch.ended("cuda:0", false, false, false) == Step::none);
    CHECK(watch.ended("cuda:0", false, true, false) == Step::relieved);
}

TEST_CASE("a device that has room does not hide that another's memory runs out") {
    MemoryWatch watch;
    for (int task = 0; task < 2; ++task) {
        CHECK(watch.ended("cuda:0", true, false, false) == Step::none);
        CHECK(watch.ended("cuda:1", false, true, false) == Step::none);
    }
    CHECK_FALSE(watch.is_short("cuda:0"));
    CHECK(watch.ended("cuda:0", true, false, false) == Step::complain);
    CHECK(watch.is_short("cuda:0"));
    CHECK_FALSE(watch.is_short("cuda:1"));
    CHECK(watch.ended("cuda:1", false, true, false) == Step::none);
    CHECK(watch.ended("cuda:0", false, true, false) == Step::relieved);
    CHECK_FALSE(watch.is_short("cuda:0"));
}

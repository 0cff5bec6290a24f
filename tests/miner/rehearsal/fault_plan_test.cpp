#include "miner/rehearsal/fault_plan.hpp"

#include "tests/support/catch.hpp"

using miner::Asked;
using miner::FaultPlan;
using Step = FaultPlan::Step;

namespace {

// A miner that has read the chain and was handed so many tasks of two validators.
Asked asked(int looks, int tasks = 1, int connections = 1) {
    return {.looks = looks, .connections = connections, .tasks = tasks, .pulls = {tasks, tasks}};
}

}  // namespace

TEST_CASE("a plan without faults is done before anything is asked") {
    CHECK(FaultPlan({}, 3).due(Asked()) == Step::done);
}

TEST_CASE("however long it takes, no fault begins before the chain was read and a task was out") {
    const FaultPlan plan({"upgrade"}, 3);
    CHECK(plan.due(Asked()) == Step::wait);
    CHECK(plan.due(asked(0, 1)) == Step::wait);
    CHECK(plan.due(asked(1, 1)) == Step::wait);  // it may still be reading
    CHECK(plan.due(asked(100, 0)) == Step::wait);
    CHECK(plan.due(asked(2, 1)) == Step::begin);
}

TEST_CASE("a fault lasts until the miner has read the chain through and through since") {
    FaultPlan plan({"deregister"}, 1);
    REQUIRE(plan.due(asked(2)) == Step::begin);
    CHECK(plan.fault() == "deregister");
    plan.begun(asked(2), asked(3));  // looked meanwhile: perhaps it saw the old state
    CHECK(plan.due(asked(4)) == Step::wait);
    CHECK(plan.due(asked(5)) == Step::end);
    plan.ended(asked(6));
    CHECK(plan.due(asked(7)) == Step::wait);
    CHECK(plan.due(asked(8)) == Step::done);
}

TEST_CASE("a connection that was cut has to come again") {
    FaultPlan plan({"disconnect"}, 1);
    plan.begun(asked(2, 1, 1), asked(2, 1, 2));  // quicker than the count
    CHECK(plan.due(asked(3, 1, 2)) == Step::wait);
    CHECK(plan.due(asked(4, 1, 2)) == Step::end);

    FaultPlan slow({"disconnect"}, 1);
    slow.begun(asked(2, 1, 1), asked(2, 1, 1));
    CHECK(slow.due(asked(9, 1, 1)) == Step::wait);
    CHECK(slow.due(asked(9, 1, 2)) == Step::end);
}

TEST_CASE("a chain stalls until the miner has given the node up, which no look tells") {
    FaultPlan plan({"stall"}, 1);
    plan.begun(asked(2), asked(2));
    CHECK(plan.due(asked(50)) == Step::wait);
    CHECK(plan.due(asked(2, 1, 2)) == Step::end);
}

TEST_CASE("validators have moved when each was asked at its new place") {
    FaultPlan plan({"move"}, 1);
    plan.begun(asked(2), asked(2));
    auto later = asked(9);
    CHECK(plan.due(later) == Step::wait);
    later.pulls = {2, 1};
    CHECK(plan.due(later) == Step::wait);
    later.pulls = {2, 2};
    CHECK(plan.due(later) == Step::end);
}

TEST_CASE("faults come in their order, spread over the tasks") {
    FaultPlan plan({"upgrade", "deregister", "upgrade", "deregister"}, 9);
    std::vector<std::string> order;
    std::vector<int> tasks;
    int looks = 0, out = 0;
    while (plan.due(asked(looks, out)) != Step::done) {
        REQUIRE(looks < 1000);
        looks += 2;
        switch (plan.due(asked(looks, out))) {
            case Step::wait:
                ++out;
                break;
            case Step::begin:
                order.push_back(plan.fault());
                tasks.push_back(out);
                plan.begun(asked(looks, out), asked(looks, out));
                break;
            case Step::end:
                plan.ended(asked(looks, out));
                break;
            case Step::done:
                break;
        }
    }
    CHECK(order == std::vector<std::string>{"upgrade", "deregister", "upgrade", "deregister"});
    CHECK(tasks == std::vector<int>{1, 3, 5, 7});
}

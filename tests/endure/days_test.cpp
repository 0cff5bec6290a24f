// Some of the stories of ops/endure.sh days, for CI, and whether they would notice.
#include "tests/endure/days_runs.hpp"
#include "tests/endure/days_watch.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <string_view>

using namespace endure;
using namespace std::chrono_literals;

namespace {

using Pull = network::ValidatorState::Pull;

std::string in_lines(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& line : words) text += line + "\n";
    return text;
}

const auto kNobody = [](std::uint32_t, const DaysRun&) {};

// A story of an hour with these flags, which is to break: its folder is not to be looked at.
DaysRun broken_run(const std::vector<std::string>& more) {
    constexpr std::string_view kLeft = "left in ";
    auto run = days_runs("faults", 1, 1, 60min, kNobody, more);
    INFO(in_lines(run.broken));
    const auto left = std::find_if(run.broken.begin(), run.broken.end(),
                                   [&](const auto& line) { return line.starts_with(kLeft); });
    REQUIRE(left != run.broken.end());
    CHECK(fs::remove_all(left->substr(kLeft.size())) > 0);
    return run;
}

Pull told_to_wait_until(std::int64_t second) {
    Pull pull{.what = Pull::What::nothing_left, .answer = {}};
    pull.answer.cooldown_until = second;
    return pull;
}

Watch watch_of_one() { return Watch(1, {}, 1000s); }

}  // namespace

TEST_CASE("time in a process of its own stands while a thread works, and jumps when all sleep") {
    const auto outcome = tests::run_to_end({.program = beside("endure_days").string(),
                                            .arguments = {"check"},
                                            .environment = {},
                                            .input = {},
                                            .folder = {},
                                            .largest_file = {}},
                                           kPatience);
    CHECK(outcome.out.starts_with("jumps: "));
    CHECK(outcome.exit_status == tests::ProcessExit{.code = 0});
}

TEST_CASE("a miner to whom everything happens loses nothing and comes to the second") {
    const auto all = days_runs("faults", 5, 30, 60min, kNobody);
    INFO(in_lines(all.broken));
    CHECK(all.broken.empty());
    CHECK(all.numbers.at("virtual seconds") >= 5 * 3600);
    CHECK(all.numbers.at("tasks") > 50);
    CHECK(all.numbers.at("most descriptors") > 0);
    CHECK(all.numbers.at("most descriptors") < 200);  // of any, not the sum of all
    CHECK(all.numbers.at("most threads") > 0);
}

TEST_CASE("stories notice a miner that waits longer than it says") {
    const auto late = broken_run({"--schedule.failure_delay", "700"});
    CHECK_THAT(in_lines(late.broken),
               Catch::Contains(" late") || Catch::Contains("was to be called"));
}

TEST_CASE("stories notice a miner that ends in the middle, though it would be started again") {
    const auto ended = broken_run({"--flaw", "ends"});
    CHECK_THAT(in_lines(ended.broken),
               Catch::Contains("the miner ended with code 74, for no reason"));
    CHECK(ended.numbers.at("starts after a failed disk") == 0);
}

TEST_CASE("stories notice a miner that keeps a descriptor of each task") {
    const auto leaking = broken_run({"--flaw", "leaks"});
    CHECK_THAT(in_lines(leaking.broken), Catch::Contains(": descriptors went from "));
}

TEST_CASE("the watch complains of a call during a cool-down, and of one that comes late") {
    auto watch = watch_of_one();
    watch.pulled(0, told_to_wait_until(1300), 1000s);
    watch.pulled(0, told_to_wait_until(1600), 1300s + 900ms);
    CHECK(watch.broken().empty());
    watch.pulled(0, {.what = Pull::What::cooling_down, .answer = told_to_wait_until(1600).answer},
                 1500s);
    CHECK_THAT(in_lines(watch.broken()), Catch::Contains("pulled 100.000 s before the end"));
    watch.pulled(0, told_to_wait_until(2000), 1604s);
    CHECK_THAT(in_lines(watch.broken()), Catch::Contains("came 2.500 s late"));
}

TEST_CASE("the watch complains of a validator that is not called, once nothing is in the way") {
    auto watch = watch_of_one();
    watch.pulled(0, told_to_wait_until(1300), 1000s);
    watch.hinder(0, "disk");
    watch.check(5000s);
    CHECK(watch.broken().empty());
    watch.relieve(0, "disk", 5000s, 300s);
    watch.check(5300s);
    CHECK(watch.broken().empty());
    watch.check(5302s);
    CHECK_THAT(in_lines(watch.broken()), Catch::Contains("was to be called"));
}

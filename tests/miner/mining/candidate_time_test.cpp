#include "miner/mining/candidate_time.hpp"

#include "tests/support/catch.hpp"

#include <limits>

using miner::CandidateTime;
using namespace std::chrono_literals;

namespace {

const CandidateTime::Time kPulled{100s};

}  // namespace

TEST_CASE("candidates have the throttle period less the way and the margin") {
    const CandidateTime time({});
    CHECK(time.until("v", kPulled, 30) == kPulled + 30s - 8s - 2s);
}

TEST_CASE("the way is the slowest of a validator's last five submissions, once there are some") {
    CandidateTime time({});
    for (const auto took : {9s, 3s, 4s}) time.submitted("v", took);
    CHECK(time.until("v", kPulled, 30) == kPulled + 30s - 9s - 2s);
    CHECK(time.until("another", kPulled, 30) == kPulled + 30s - 8s - 2s);
    for (const auto took : {1s, 1s, 2s}) time.submitted("v", took);
    CHECK(time.until("v", kPulled, 30) == kPulled + 30s - 4s - 2s);
}

TEST_CASE("a window of the operator's takes the place of the validator's throttle period") {
    config::Candidates settings;
    settings.window = 60s;
    const CandidateTime time(settings);
    CHECK(time.until("v", kPulled, 30) == kPulled + 50s);
    CHECK(time.until("v", kPulled, 0) == kPulled + 50s);
}

TEST_CASE("a validator that says nonsense about its throttle leaves no time, or two minutes") {
    const CandidateTime time({});
    const auto none = kPulled - 10s;
    CHECK(time.until("v", kPulled, 0) == none);
    CHECK(time.until("v", kPulled, -5) == none);
    CHECK(time.until("v", kPulled, std::numeric_limits<double>::quiet_NaN()) == none);
    CHECK(time.until("v", kPulled, 1e300) == kPulled + 110s);
    CHECK(time.until("v", kPulled, std::numeric_limits<double>::infinity()) == kPulled + 110s);
}

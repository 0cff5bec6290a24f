#include "miner/rehearsal/checklist.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>

using miner::Check;
using miner::Evidence;

namespace {

// A rehearsal in which all went well.
Evidence good() {
    Evidence evidence{.asked = 12, .answered = 12};
    auto& c = evidence.counts;
    c.generations = 12;
    c.passed_at_once = 9;
    c.sparse_first = c.retries = 3;
    c.retry_passed = c.retry_improved = c.rejected = 1;
    c.submissions = 11;
    c.accepted = 11;
    return evidence;
}

Check::State state(const Evidence& evidence, const std::string& what) {
    const auto list = miner::evaluate(evidence);
    const auto found = std::find_if(
        list.checks.begin(), list.checks.end(),
        [&](const Check& check) { return check.what.find(what) != std::string::npos; });
    REQUIRE(found != list.checks.end());
    return found->state;
}

}  // namespace

TEST_CASE("a rehearsal in which all went well is a go") {
    const auto list = miner::evaluate(good());
    CHECK(list.go);
    const auto text = miner::render(list, false);
    CHECK(text.find("83.3 % of 12 generations") != std::string::npos);
    CHECK(text.find("Verdict: GO") != std::string::npos);
    CHECK(text.find('\033') == std::string::npos);
    CHECK(miner::render(list, true).find('\033') != std::string::npos);
}

TEST_CASE("a success rate of 70 per cent is not over 70 per cent") {
    auto evidence = good();
    evidence.counts.generations = 10;
    evidence.counts.passed_at_once = 6;
    CHECK(state(evidence, "success rate") == Check::State::fail);
    CHECK_FALSE(miner::evaluate(evidence).go);
    evidence.counts.passed_at_once = 7;
    CHECK(state(evidence, "success rate") == Check::State::ok);
}

TEST_CASE("no retry is noted, not held against the miner") {
    auto evidence = good();
    evidence.counts.passed_at_once = 12;
    evidence.counts.sparse_first = evidence.counts.retries = 0;
    evidence.counts.retry_passed = evidence.counts.retry_improved = evidence.counts.rejected = 0;
    CHECK(state(evidence, "a retry happened") == Check::State::note);
    CHECK(state(evidence, "retries succeeded") == Check::State::note);
    CHECK(miner::evaluate(evidence).go);
}

TEST_CASE("retries that never help are a no-go once there are enough of them") {
    auto evidence = good();
    evidence.counts.retry_passed = evidence.counts.retry_improved = 0;
    CHECK(state(evidence, "retries succeeded") == Check::State::fail);
    evidence.counts.retries = 2;
    CHECK(state(evidence, "retries succeeded") == Check::State::note);
}

TEST_CASE("errors, zero scores, refused signatures, haste and unanswered tasks are each a no-go") {
    auto errors = good();
    errors.counts.errors = 1;
    CHECK(state(errors, "no errors") == Check::State::fail);
    auto zeros = good();
    zeros.counts.zero_scores = 3;
    CHECK(state(zeros, "zero scores") == Check::State::fail);
    zeros.counts.zero_scores = 2;
    CHECK(state(zeros, "zero scores") == Check::State::ok);
    auto protocol = good();
    protocol.protocol_faults = 1;
    CHECK(state(protocol, "signature") == Check::State::fail);
    auto hasty = good();
    hasty.violations = 1;
    CHECK(state(hasty, "during a cool-down") == Check::State::fail);
    CHECK_FALSE(miner::evaluate(hasty).go);
    auto twice = good();
    twice.without_effect = 1;
    CHECK(state(twice, "submitted twice") == Check::State::fail);
    CHECK_FALSE(miner::evaluate(twice).go);
    auto unanswered = good();
    unanswered.answered = 11;
    CHECK(state(unanswered, "every task") == Check::State::fail);
    auto stopped = good();
    stopped.stopped = true;
    CHECK_FALSE(miner::evaluate(stopped).go);
}

TEST_CASE("an error in the log is an error, though every generation came off") {
    auto evidence = good();
    evidence.logged_errors = 3;
    evidence.first_error = "not recorded step=finished error=\"disk\033[2J\nis full\"";
    CHECK(state(evidence, "no errors") == Check::State::fail);
    const auto list = miner::evaluate(evidence);
    CHECK_FALSE(list.go);
    const auto text = miner::render(list, false);
    CHECK(text.find("3 errors in the log, the first: not recorded step=finished") !=
          std::string::npos);
    CHECK(text.find('\033') == std::string::npos);
}

TEST_CASE("a rehearsal without any generation is no proof") { CHECK_FALSE(miner::evaluate({}).go); }

// What a journal knows of validators: calls and cool-downs.
#include "storage/journal.hpp"

#include "storage/report.hpp"
#include "tests/storage/journal_fixture.hpp"

using namespace tests;

TEST_CASE_METHOD(Fixture,
                 "a cool-down settles everything with that validator and nothing elsewhere") {
    const auto lost = at(TaskState::submitting, "t1");
    REQUIRE(journal->submit_failed(lost, true, "closed", 3500));
    const auto open = at(TaskState::open, "t2"), finished = at(TaskState::finished, "t3");
    PulledTask elsewhere = task("t4"), other_hotkey = task("t5");
    elsewhere.validator = "5Another";
    other_hotkey.hotkey = "5OurSecond";
    const auto a = pulled(elsewhere).row, b = pulled(other_hotkey).row;
    CHECK(*journal->settled(kOurs, kTheirs, {}, 9000) == 3);
    CHECK(state(lost) == "answered");
    CHECK(state(open) == "abandoned");
    CHECK(state(finished) == "abandoned");
    CHECK(state(a) == "open");
    CHECK(state(b) == "open");
}

TEST_CASE_METHOD(Fixture, "calls to a validator are counted with its last failure and cool-down") {
    REQUIRE(journal->contacted(kOurs, kTheirs, true, 500, "", 1000, 7000));
    CHECK(contacts(*database, kOurs)->front().told_at == 1000);
    CHECK(contacts(*database, kOurs)->front().wait == 7000);
    REQUIRE(journal->contacted(kOurs, kTheirs, false, 0, "connection refused", 2000));
    REQUIRE(journal->contacted(kOurs, kTheirs, true, 0, "", 3000));
    REQUIRE(journal->contacted(kOurs, "5Another", false, 0, "timeout", 4000));
    const auto all = contacts(*database, "");
    REQUIRE(all);
    REQUIRE(all->size() == 2);
    CHECK(all->front().validator == "5Another");
    const auto& one = all->back();
    CHECK(one.hotkey == kOurs);
    CHECK(one.calls == 3);
    CHECK(one.failures == 1);
    CHECK(one.last_call == 3000);
    CHECK(one.last_failure == 2000);
    CHECK(one.last_error == "connection refused");
    CHECK(one.cooldown_until == 0);
    CHECK(contacts(*database, "5Nobody")->empty());
}

TEST_CASE_METHOD(Fixture, "the cool-down of an answer is what its validator told last") {
    REQUIRE(journal->contacted(kOurs, "5Another", true, 77, "", 900));
    REQUIRE(journal->contacted("5OurSecond", kTheirs, true, 88, "", 900));
    REQUIRE(journal->contacted(kOurs, kTheirs, true, 0, "", 1000));
    const auto newest = [&] {
        const auto all = contacts(*database, kOurs).value();
        REQUIRE(all.size() == 2);
        CHECK(all.front().calls == 1);
        CHECK(all.back().cooldown_until == 77);
        CHECK(contacts(*database, "5OurSecond")->front().cooldown_until == 88);
        return all.front().cooldown_until;
    };
    const auto first = at(TaskState::submitting, "t1");
    CHECK(newest() == 0);
    Answer answer = scored(0.8);
    answer.cooldown_until = 4'270;
    REQUIRE(journal->answered(first, answer));
    CHECK(newest() == 4'270);
    restart();
    recover();
    CHECK(newest() == 4'270);
    const auto second = at(TaskState::submitting, "t2");
    answer.feedback = false;  // as one who is not registered is answered
    answer.cooldown_until = 9'000;
    REQUIRE(journal->answered(second, answer));
    CHECK(newest() == 9'000);
    answer.cooldown_until = 0;
    check_out_of_order(journal->answered(at(TaskState::finished, "t3"), answer));
    CHECK(newest() == 9'000);
}

TEST_CASE_METHOD(Fixture, "a cool-down is told even when the call before it was not recorded") {
    Answer answer = scored(0.8);
    answer.cooldown_until = 4'270;
    const auto row = at(TaskState::submitting);
    CHECK(contacts(*database, kOurs)->empty());
    REQUIRE(journal->answered(row, answer));
    const auto all = contacts(*database, kOurs).value();
    REQUIRE(all.size() == 1);
    CHECK(all.front().validator == kTheirs);
    CHECK(all.front().cooldown_until == 4'270);
    CHECK_FALSE(all.front().last_call);
}

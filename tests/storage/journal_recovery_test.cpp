// What a journal makes of tasks and submissions that were cut off.
#include "storage/journal.hpp"

#include "tests/storage/journal_fixture.hpp"

using namespace tests;

TEST_CASE_METHOD(Fixture, "a finished result is handed back instead of being made again") {
    const auto row = at(TaskState::finished);
    restart();
    CHECK(recover() == 1);
    const auto known = pulled(task("t1"));
    CHECK(known.row == row);
    CHECK(known.state == TaskState::finished);
    REQUIRE(known.result);
    CHECK(known.result->outcome == Outcome::passed);
    CHECK(known.result->attempt == 1);
    CHECK(known.result->asset == kAsset);
    CHECK(known.result->bytes == 1234);
    CHECK(known.result->at == 2000);
}

TEST_CASE_METHOD(Fixture, "an empty result that was decided is not decided again") {
    const auto row = pulled(task("t1")).row;
    REQUIRE(journal->finished(row, {.outcome = Outcome::rejected, .detail = "sparse", .at = 2000}));
    restart();
    const auto known = pulled(task("t1"));
    CHECK(known.state == TaskState::finished);
    REQUIRE(known.result);
    CHECK(known.result->outcome == Outcome::rejected);
    CHECK(known.result->asset.empty());
    CHECK(known.result->detail == "sparse");
}

TEST_CASE_METHOD(Fixture, "a result whose asset could not be kept is made again") {
    Result unkept = passed();
    unkept.asset.clear();
    const auto row = pulled(task("t1")).row;
    REQUIRE(journal->finished(row, unkept));
    restart();
    recover();
    const auto known = pulled(task("t1"));
    CHECK(known.state == TaskState::open);
    CHECK_FALSE(known.result);
}

TEST_CASE_METHOD(Fixture,
                 "a result whose asset is lost is made again and its attempts do not count") {
    const auto row = at(TaskState::finished);
    REQUIRE(journal->result_lost(row, "no such file", 2500));
    CHECK(state(row) == "open");
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::passed)));
    CHECK(text("SELECT group_concat(round || number || superseded) FROM attempts") == "111,210");
    REQUIRE(journal->finished(row, passed(6000)));
    CHECK(number("SELECT begun_at FROM tasks") == 2500);
    check_out_of_order(journal->result_lost(at(TaskState::submitting, "t2"), "", 1));
}

TEST_CASE_METHOD(Fixture, "a submission that was not taken is owed again") {
    const auto row = at(TaskState::submitting);
    REQUIRE(journal->submit_failed(row, true, "no full answer in time", 5000));
    CHECK(state(row) == "submitting");
    CHECK(submissions() == "1 lost");

    const auto known = pulled(task("t1", 6000));
    CHECK(known.state == TaskState::finished);
    REQUIRE(known.result);
    CHECK(known.result->asset == kAsset);
    CHECK(submissions() == "1 returned");

    CHECK(*journal->submitting(row, 7000) == 2);
    REQUIRE(journal->answered(row, scored(0.8, 8000)));
    CHECK(submissions() == "1 returned,2 answered");
    CHECK(number("SELECT count(*) FROM feedback WHERE number = 2") == 1);
}

TEST_CASE_METHOD(Fixture, "a submission that was cut off by a kill and not taken is owed again") {
    at(TaskState::submitting);
    restart();
    CHECK(recover() == 1);
    CHECK(submissions() == "1 lost");
    CHECK(pulled(task("t1")).state == TaskState::finished);
    CHECK(submissions() == "1 returned");
}

TEST_CASE_METHOD(Fixture, "a submission that was cut off and taken is closed without feedback") {
    const auto row = at(TaskState::submitting);
    restart();
    recover();
    const auto next = pulled(task("t2", 9500)).row;
    const auto closed = journal->settled(kOurs, kTheirs, next, 9500);
    REQUIRE(closed);
    CHECK(*closed == 1);
    CHECK(state(row) == "answered");
    CHECK(state(next) == "open");
    CHECK(submissions() == "1 taken");
    CHECK(number("SELECT count(*) FROM feedback") == 0);
    CHECK(*journal->settled(kOurs, kTheirs, next, 9600) == 0);
}

TEST_CASE_METHOD(Fixture, "a submission whose end was never told is lost when the next begins") {
    const auto row = at(TaskState::submitting);
    CHECK(*journal->submitting(row, 7000) == 2);
    CHECK(submissions() == "1 lost,2 sent");
}

TEST_CASE_METHOD(Fixture, "a submission that never left is finished, not submitted") {
    const auto row = at(TaskState::submitting);
    REQUIRE(journal->submit_failed(row, false, "connection refused", 3500));
    CHECK(state(row) == "finished");
    CHECK(submissions() == "1 failed");
    CHECK(text("SELECT detail FROM submissions") == "connection refused");
    CHECK(*journal->submitting(row, 4000) == 2);
}

TEST_CASE_METHOD(Fixture, "a late answer or failure of a submission that was settled is no error") {
    const auto row = at(TaskState::submitting);
    REQUIRE(journal->submit_failed(row, true, "", 3500));
    REQUIRE(journal->settled(kOurs, kTheirs, {}, 3600));
    CHECK(journal->submit_failed(row, true, "", 3700));
    CHECK(journal->answered(row, scored(0.9)));
    CHECK(submissions() == "1 answered");
    CHECK(number("SELECT count(*) FROM feedback") == 1);
}

TEST_CASE_METHOD(Fixture, "an abandoned task that is finished all the same is owed again") {
    const auto row = at(TaskState::open);
    REQUIRE(journal->settled(kOurs, kTheirs, {}, 1600));
    CHECK(state(row) == "abandoned");
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::passed)));
    REQUIRE(journal->finished(row, passed()));
    CHECK(state(row) == "finished");
    CHECK(number("SELECT closed_at IS NULL FROM tasks") == 1);
    CHECK(pulled(task("t1")).state == TaskState::finished);
}

TEST_CASE_METHOD(Fixture, "an abandoned task that is handed out again goes on where it was") {
    const auto open = at(TaskState::open, "t1"), finished = at(TaskState::finished, "t2");
    REQUIRE(journal->settled(kOurs, kTheirs, {}, 1600));
    const auto first = pulled(task("t1")), second = pulled(task("t2"));
    CHECK(first.row == open);
    CHECK(first.state == TaskState::open);
    CHECK(second.row == finished);
    CHECK(second.state == TaskState::finished);
    CHECK(second.result);
}

TEST_CASE_METHOD(Fixture, "attempts of a generation that was cut off stay and do not count") {
    const auto row = at(TaskState::open);
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::sparse)));
    restart();
    CHECK(recover() == 1);
    CHECK(text("SELECT group_concat(round || number || superseded) FROM attempts") == "111");
    const auto known = pulled(task("t1", 9500));
    CHECK(known.state == TaskState::open);
    CHECK_FALSE(known.fresh);
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::sparse)));
    REQUIRE(journal->attempted(row, attempt(2, AttemptOutcome::passed)));
    CHECK(text("SELECT group_concat(round || number || superseded) FROM attempts") ==
          "111,210,220");
    CHECK(text("SELECT pulled_at || ' ' || begun_at FROM tasks") == "1000 9500");
    CHECK(text("SELECT group_concat(run) FROM attempts") == "1,2,2");
}

TEST_CASE_METHOD(Fixture, "recovering twice is recovering once") {
    REQUIRE(journal->attempted(at(TaskState::open, "t1"), attempt(1, AttemptOutcome::sparse)));
    at(TaskState::finished, "t2");
    at(TaskState::submitting, "t3");
    at(TaskState::answered, "t4");
    restart();
    CHECK(recover() == 3);
    CHECK(recover() == 3);
    restart();
    CHECK(recover() == 3);
    CHECK(number("SELECT count(*) FROM attempts WHERE superseded = 1") == 1);
}

TEST_CASE_METHOD(Fixture, "recovering leaves this run's own tasks alone") {
    at(TaskState::submitting, "t1");
    CHECK(recover() == 0);
    CHECK(submissions() == "1 sent");
}

TEST_CASE_METHOD(Fixture, "a run knows its version, its settings and its end; a kill leaves none") {
    at(TaskState::answered);
    restart();
    CHECK(text("SELECT group_concat(version || settings_hash || (ended_at IS NULL)) FROM runs") ==
          "0.1hash1,0.1hash1");
    at(TaskState::open, "t2");
    journal.reset();
    CHECK(number("SELECT ended_at FROM runs WHERE id = 2") == 1000);
}

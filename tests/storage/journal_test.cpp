// Each step of a task from its pull to its answer.
#include "storage/journal.hpp"

#include "config/digest.hpp"
#include "storage/listing.hpp"
#include "storage/report.hpp"
#include "tests/storage/journal_fixture.hpp"
#include "tests/storage/outsider.hpp"

#include <limits>

using namespace tests;

TEST_CASE_METHOD(Fixture, "steps that are made together are kept together, or none of them") {
    const auto seen_by_others = [&] {
        return Outsider(database->file()).number("SELECT count(*) FROM tasks");
    };
    const auto two = [&]() -> config::Result<void> {
        REQUIRE(journal->pulled(task("t1")));
        // One that cannot be is undone for itself.
        CHECK(journal->answered(1, scored(0.5)).error().code == Errc::out_of_order);
        REQUIRE(journal->pulled(task("t2")));
        CHECK(seen_by_others() == 0);
        return {};
    };
    const auto failed = journal->together([&]() -> config::Result<void> {
        REQUIRE(two());
        return config::fail(Errc::full, "as tested");
    });
    CHECK(failed.error().code == Errc::full);
    CHECK(seen_by_others() == 0);
    REQUIRE(journal->together(two));
    CHECK(seen_by_others() == 2);
    REQUIRE(journal->pulled(task("t3")));  // by itself again
    CHECK(seen_by_others() == 3);
}

TEST_CASE_METHOD(Fixture, "a task goes from pull to answer and every step is kept") {
    const auto known = pulled(task("t1"));
    CHECK(known.fresh);
    CHECK(known.state == TaskState::open);
    CHECK_FALSE(known.result);
    CHECK(state(known.row) == "open");

    REQUIRE(journal->attempted(known.row, attempt(1, AttemptOutcome::sparse)));
    REQUIRE(journal->attempted(known.row, attempt(2, AttemptOutcome::chosen)));
    Result result = passed();
    result.outcome = Outcome::retry_passed;
    result.attempt = 2;
    REQUIRE(journal->finished(known.row, result));
    CHECK(state(known.row) == "finished");

    const auto number_sent = journal->submitting(known.row, 3000);
    REQUIRE(number_sent);
    CHECK(*number_sent == 1);
    CHECK(state(known.row) == "submitting");
    CHECK(submissions() == "1 sent");

    Answer answer = scored(0.75);
    answer.average_score = 0.8;
    answer.accepted_in_window = 3;
    answer.duel_rating = 1500.5;
    answer.cooldown_until = 4'270;
    REQUIRE(journal->answered(known.row, answer));
    CHECK(state(known.row) == "answered");
    CHECK(submissions() == "1 answered");
    CHECK(text("SELECT outcome || ' ' || chosen || ' ' || asset_bytes || ' ' || finished_at ||"
               " ' ' || closed_at FROM tasks") == "retry_passed 2 1234 2000 4000");
    CHECK(text("SELECT group_concat(number || outcome || chain || route) FROM attempts") ==
          "1sparsestandardpicture,2chosenextremepicture");
    CHECK(text("SELECT score || ' ' || average_score || ' ' || accepted_in_window || ' ' ||"
               " duel_rating || ' ' || reward || ' ' || cooldown_until FROM feedback") ==
          "0.75 0.8 3 1500.5 12.0 4270");
}

TEST_CASE_METHOD(Fixture, "of a prompt its hash and size are kept, however large it is") {
    PulledTask large = task("t1");
    large.prompt.assign(5'000'000, 'p');
    const int before = number("PRAGMA page_count");
    pulled(large);
    pulled(large);
    CHECK(number("PRAGMA page_count") < before + 10);
    CHECK(number("SELECT prompt_bytes FROM tasks") == 5'000'000);
    CHECK(text("SELECT prompt_sha256 FROM tasks") == config::sha256(large.prompt));
}

TEST_CASE_METHOD(Fixture, "what did not run or is not finite is null") {
    const auto row = at(TaskState::open);
    Attempt failed = attempt(1, AttemptOutcome::error);
    failed.error = "out of memory";
    failed.voxels = failed.gaussians = -1;
    failed.health.opacity_mean = std::numeric_limits<double>::quiet_NaN();
    REQUIRE(journal->attempted(row, failed));
    CHECK(
        number("SELECT voxels IS NULL AND gaussians IS NULL AND prepare IS NULL AND extent IS NULL"
               " AND opacity_mean IS NULL AND structure = 800 AND error = 'out of memory'"
               " FROM attempts") == 1);
}

TEST_CASE_METHOD(Fixture, "an attempt written again with its later stages is one attempt") {
    const auto row = at(TaskState::open);
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::passed)));
    Attempt whole = attempt(1, AttemptOutcome::chosen);
    whole.times.compress = 30;
    REQUIRE(journal->attempted(row, whole));
    CHECK(text("SELECT count(*) || ' ' || outcome || ' ' || compress FROM attempts") ==
          "1 chosen 30.0");
}

TEST_CASE_METHOD(Fixture, "attempts that came to nothing stay, and count no more") {
    const auto row = at(TaskState::open);
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::sparse)));
    REQUIRE(journal->attempted(row, attempt(2, AttemptOutcome::sparse)));
    REQUIRE(journal->gave_up_attempts(row, 1500));
    REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::passed)));
    CHECK(text("SELECT group_concat(outcome || superseded) FROM (SELECT * FROM attempts"
               " ORDER BY round, number)") == "sparse1,sparse1,passed0");
    REQUIRE(journal->finished(row, {.outcome = Outcome::passed, .attempt = 1, .at = 2000}));
    CHECK(journal->gave_up_attempts(row, 2000).error().code == Errc::out_of_order);
}

TEST_CASE_METHOD(Fixture, "a seed of 64 bits survives") {
    Attempt one = attempt(1, AttemptOutcome::passed);
    one.seed = std::numeric_limits<std::uint64_t>::max() - 1;
    REQUIRE(journal->attempted(at(TaskState::open), one));
    CHECK(std::uint64_t(database->handle().execAndGet("SELECT seed FROM attempts").getInt64()) ==
          one.seed);
}

TEST_CASE_METHOD(Fixture, "the same task pulled twice is one task") {
    const auto first = pulled(task("t1"));
    const auto again = pulled(task("t1", 5000));
    CHECK(again.row == first.row);
    CHECK_FALSE(again.fresh);
    CHECK(again.state == TaskState::open);
    CHECK(number("SELECT count(*) FROM tasks") == 1);
    CHECK(number("SELECT pulled_at FROM tasks") == 1000);
}

TEST_CASE_METHOD(Fixture, "the same id from two validators, or for two hotkeys, is two tasks") {
    PulledTask one = task("t1"), two = one, three = one;
    two.validator = "5Another";
    three.hotkey = "5OurSecond";
    const auto a = pulled(one), b = pulled(two), c = pulled(three);
    CHECK((b.fresh && c.fresh));
    CHECK((a.row != b.row && b.row != c.row && a.row != c.row));
    CHECK(number("SELECT count(*) FROM hotkeys") == 2);
    CHECK(number("SELECT count(*) FROM validators") == 3);
}

TEST_CASE_METHOD(Fixture,
                 "a submission under way in this process is left alone by pulls beside it") {
    const auto row = at(TaskState::submitting);
    CHECK(pulled(task("t1")).state == TaskState::submitting);
    CHECK(*journal->settled(kOurs, kTheirs, {}, 3500) == 0);
    CHECK(submissions() == "1 sent");
    REQUIRE(journal->answered(row, scored(0.8)));
    CHECK(state(row) == "answered");
}

TEST_CASE_METHOD(Fixture,
                 "an answer without effect leaves the task with us, and it is sent again") {
    // A validator in its lock answers with feedback of zero and hands the same task out again.
    const auto row = at(TaskState::submitting);
    REQUIRE(journal->answered(row, scored(0)));
    const auto known = pulled(task("t1", 6000));
    CHECK(known.row == row);
    CHECK(known.state == TaskState::finished);
    CHECK(number("SELECT closed_at IS NULL FROM tasks") == 1);
    CHECK(*journal->submitting(row, 7000) == 2);
    REQUIRE(journal->answered(row, scored(0.7, 8000)));
    CHECK(submissions() == "1 answered,2 answered");
    CHECK(number("SELECT count(*) FROM feedback") == 2);
}

TEST_CASE_METHOD(Fixture, "a task id that comes back with another prompt is begun anew") {
    const auto row = at(TaskState::finished);
    PulledTask other = task("t1", 7000);
    other.prompt = "another picture";
    const auto known = pulled(other);
    CHECK(known.row == row);
    CHECK(known.state == TaskState::open);
    CHECK_FALSE(known.result);
    CHECK(text("SELECT prompt_sha256 FROM tasks") == config::sha256("another picture"));
    CHECK(number("SELECT count(*) FROM attempts WHERE superseded = 1") == 1);
    CHECK(number("SELECT prompt_bytes FROM tasks") == 15);
}

TEST_CASE_METHOD(Fixture, "assets are unanswered until their task is closed") {
    const auto row = at(TaskState::submitting);
    CHECK(*unanswered_assets(*database) == std::vector{kAsset});
    REQUIRE(journal->submit_failed(row, true, "", 3500));
    CHECK(unanswered_assets(*database)->size() == 1);
    REQUIRE(journal->answered(row, scored(0.8)));
    CHECK(unanswered_assets(*database)->empty());
}

TEST_CASE_METHOD(Fixture, "steps in an order that cannot be are refused and leave no trace") {
    const auto open = at(TaskState::open, "t1"), finished = at(TaskState::finished, "t2");
    const auto submitting = at(TaskState::submitting, "t3"), done = at(TaskState::answered, "t4");
    const int changes = number("SELECT total_changes()");
    check_out_of_order(journal->submitting(open, 1));
    check_out_of_order(journal->answered(open, scored(1)));
    check_out_of_order(journal->submit_failed(open, true, "", 1));
    check_out_of_order(journal->finished(open, {}));
    check_out_of_order(journal->attempted(finished, attempt(1, AttemptOutcome::passed)));
    check_out_of_order(journal->answered(finished, scored(1)));
    check_out_of_order(journal->finished(submitting, passed()));
    check_out_of_order(journal->attempted(submitting, attempt(1, AttemptOutcome::passed)));
    check_out_of_order(journal->finished(done, passed()));
    check_out_of_order(journal->submitting(done, 1));
    CHECK(number("SELECT total_changes()") == changes);
}

TEST_CASE_METHOD(Fixture, "a row that does not exist is missing") {
    CHECK(journal->attempted(99, attempt(1, AttemptOutcome::passed)).error().code == Errc::missing);
    CHECK(journal->finished(99, passed()).error().code == Errc::missing);
    CHECK(journal->result_lost(99, "", 1).error().code == Errc::missing);
    CHECK(journal->submitting(99, 1).error().code == Errc::missing);
    CHECK(journal->answered(99, scored(1)).error().code == Errc::missing);
    CHECK(journal->submit_failed(99, true, "", 1).error().code == Errc::missing);
}

TEST_CASE_METHOD(Fixture, "numbers that are none are kept as null") {
    Answer answer = scored(std::numeric_limits<double>::quiet_NaN());
    answer.reward = std::numeric_limits<double>::infinity();
    REQUIRE(journal->answered(at(TaskState::submitting), answer));
    CHECK(number("SELECT score IS NULL AND reward IS NULL AND duel_rating = 0 FROM feedback") == 1);
}

TEST_CASE_METHOD(Fixture, "a peer's words are cut to a bearable length") {
    REQUIRE(journal->contacted(kOurs, kTheirs, false, 0, std::string(1 << 20, 'x'), 1));
    CHECK(number("SELECT length(last_error) FROM validators") == 1000);
}

TEST_CASE_METHOD(Fixture,
                 "a validator that may still judge a submission is known at the next start") {
    const auto unsettled = [&] { return contacts(*database, kOurs).value().at(0).unsettled; };
    REQUIRE(journal->contacted(kOurs, kTheirs, true, 0, "", 900));
    REQUIRE(journal->contacted("5OurSecond", kTheirs, true, 0, "", 900));
    const auto row = at(TaskState::finished);
    CHECK_FALSE(unsettled());
    REQUIRE(journal->submitting(row, 3000));
    CHECK(unsettled());
    CHECK_FALSE(contacts(*database, "5OurSecond").value().at(0).unsettled);
    restart();
    recover();
    CHECK(unsettled());
    REQUIRE(journal->settled(kOurs, kTheirs, {}, 4000));
    CHECK_FALSE(unsettled());
}

TEST_CASE_METHOD(Fixture,
                 "a full disk fails the step, keeps what was there, and the step can be repeated") {
    const auto row = at(TaskState::submitting);
    sql("PRAGMA wal_checkpoint(TRUNCATE)");
    sql("PRAGMA max_page_count = " + text("PRAGMA page_count"));
    PulledTask large = task("t2");
    large.kind.assign(100'000, 'k');
    const auto refused = journal->pulled(large);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::full);
    CHECK(refused.error().message().find("free some space") != std::string::npos);
    CHECK(state(row) == "submitting");
    CHECK(number("SELECT count(*) FROM tasks") == 1);
    sql("PRAGMA max_page_count = 1000000");
    CHECK(pulled(large).fresh);
}

TEST_CASE_METHOD(Fixture,
                 "a database locked by another process fails the step and it can be repeated") {
    sql("PRAGMA busy_timeout = 50");
    SQLite::Database other((folder.path() / "miner.db").string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    const auto refused = journal->pulled(task("t1"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::locked);
    other.exec("ROLLBACK");
    CHECK(pulled(task("t1")).fresh);
}

TEST_CASE_METHOD(Fixture,
                 "a run that could not be recorded at the start is recorded with the first step") {
    journal.reset();
    sql("PRAGMA busy_timeout = 50");
    SQLite::Database other((folder.path() / "miner.db").string(), SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    Journal late(*database, "0.2", "hash", 1000);
    const auto refused = late.recover(1000);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::locked);
    other.exec("ROLLBACK");
    CHECK(late.recover(1000));
    CHECK(number("SELECT count(*) FROM runs WHERE version = '0.2'") == 1);
}

TEST_CASE_METHOD(Fixture, "a table that somebody removed is reported, not taken for empty") {
    sql("DROP TABLE feedback");
    const auto refused = journal->answered(at(TaskState::submitting), scored(0.5));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::corrupt);
}

TEST_CASE("states and outcomes have the names that the schema knows") {
    CHECK(name(TaskState::open) == "open");
    CHECK(name(TaskState::finished) == "finished");
    CHECK(name(TaskState::submitting) == "submitting");
    CHECK(name(TaskState::answered) == "answered");
    CHECK(name(TaskState::abandoned) == "abandoned");
    CHECK(name(Outcome::none) == "none");
    CHECK(name(Outcome::passed) == "passed");
    CHECK(name(Outcome::retry_passed) == "retry_passed");
    CHECK(name(Outcome::retry_improved) == "retry_improved");
    CHECK(name(Outcome::rejected) == "rejected");
    CHECK(name(Outcome::skipped) == "skipped");
    CHECK(name(Outcome::error) == "error");
    CHECK(outcome_names().size() == 6);
    CHECK(outcome_names().front() == "passed");
    CHECK(outcome_names().back() == "error");
}

TEST_CASE_METHOD(Fixture, "every chain, route and outcome of an attempt is kept by its name") {
    const auto row = at(TaskState::open);
    for (int i = 0; i < 5; ++i) {
        auto one = attempt(i + 1, AttemptOutcome(i));
        one.chain = EnhancementChain(i % 3);
        one.route = Route(i % 3);
        REQUIRE(journal->attempted(row, one));
    }
    CHECK(text("SELECT group_concat(chain || ' ' || route || ' ' || outcome) FROM attempts") ==
          "standard picture error,extreme prompt passed,prompt prompt_via_picture sparse,"
          "standard picture chosen,extreme prompt unhealthy");
    const auto story = task_story(*database, row).value();
    REQUIRE(story.attempts.size() == 5);
    for (int i = 0; i < 5; ++i) {
        const auto& read = story.attempts[std::size_t(i)].attempt;
        CHECK(read.outcome == AttemptOutcome(i));
        CHECK(read.chain == EnhancementChain(i % 3));
        CHECK(read.route == Route(i % 3));
    }
}

TEST_CASE_METHOD(Fixture, "the schema takes every outcome of a task") {
    int number = 0;
    for (auto outcome = Outcome::passed; outcome <= Outcome::error;
         outcome = Outcome(int(outcome) + 1)) {
        const auto row = pulled(task("t" + std::to_string(++number))).row;
        CHECK(journal->finished(row, {.outcome = outcome, .at = 2000}));
        CHECK(task_story(*database, row).value().task.outcome == outcome);
    }
    CHECK(number == 6);
}

#include "storage/predictions.hpp"

#include "storage/listing.hpp"
#include "storage/report.hpp"
#include "storage/schema.hpp"
#include "tests/storage/journal_fixture.hpp"
#include "tests/storage/million.hpp"

#include <sqlite3.h>

#include <cmath>
#include <limits>

using namespace tests;
using End = PredictedScore::End;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Attempt scored_attempt(int number, double total) {
    auto one = attempt(number, AttemptOutcome::passed);
    one.candidate = number > 2;
    one.predicted = Prediction{.total = total,
                               .iqa = 0.7,
                               .alignment = 0.9,
                               .ssim = 0.95,
                               .lpips = kNone,
                               .left_out = "lpips",
                               .scorer = "published",
                               .milliseconds = 41.5};
    return one;
}

class Predicted : public Fixture {
public:
    // Brought to its result: attempt 1 was predicted 0.55, attempt 3 `total` and chosen.
    TaskRow made(const std::string& id, double total, Milliseconds at = 1000) {
        const auto row = pulled(task(id, at)).row;
        REQUIRE(journal->attempted(row, scored_attempt(1, 0.55)));
        REQUIRE(journal->attempted(row, scored_attempt(3, total)));
        auto result = passed(at + 1000);
        result.attempt = 3;
        REQUIRE(journal->finished(row, result));
        return row;
    }

    TaskRow answered(const std::string& id, double total, double score, Milliseconds at = 1000) {
        const auto row = made(id, total, at);
        REQUIRE(journal->submitting(row, at + 1500));
        REQUIRE(journal->answered(row, scored(score, at + 3000)));
        return row;
    }

    std::vector<PredictedScore> scores(const Span& span = {}, int limit = 1000) {
        return predicted_scores(*database, span, limit).value();
    }
};

std::int64_t steps(Database& database, const Span& span, int limit) {
    std::int64_t hundreds = 0;
    auto* const handle = database.handle().getHandle();
    sqlite3_progress_handler(
        handle, 100, [](void* count) { return ++*static_cast<std::int64_t*>(count), 0; },
        &hundreds);
    CHECK(predicted_scores(database, span, limit).value().size() == std::size_t(limit));
    sqlite3_progress_handler(handle, 0, nullptr, nullptr);
    return hundreds * 100;
}

}  // namespace

TEST_CASE_METHOD(Predicted, "a prediction is kept with its parts, and read back as it was") {
    const auto row = made("t1", 0.71);
    const auto story = task_story(*database, row).value();
    REQUIRE(story.attempts.size() == 2);
    CHECK_FALSE(story.attempts[0].attempt.candidate);
    const auto& candidate = story.attempts[1].attempt;
    CHECK(candidate.candidate);
    REQUIRE(candidate.predicted);
    CHECK(candidate.predicted->total == 0.71);
    CHECK(candidate.predicted->iqa == 0.7);
    CHECK(candidate.predicted->alignment == 0.9);
    CHECK(candidate.predicted->ssim == 0.95);
    CHECK(std::isnan(candidate.predicted->lpips));
    CHECK(candidate.predicted->left_out == "lpips");
    CHECK(candidate.predicted->scorer == "published");
    CHECK(candidate.predicted->milliseconds == 41.5);
    CHECK(story.task.predicted == 0.71);
    CHECK(story.task.threshold == 0.6);
    CHECK(story.task.withheld == 0);
    const auto other = at(TaskState::finished, "t2");
    CHECK_FALSE(task_story(*database, other)->attempts.at(0).attempt.predicted);
    CHECK_FALSE(task_story(*database, other)->task.predicted);
}

TEST_CASE_METHOD(Predicted, "a predicted score that is no number is none, and still a prediction") {
    const auto row = pulled(task("t1")).row;
    auto one = scored_attempt(1, kNone);
    one.predicted->scorer = "";
    one.predicted->left_out = "";
    one.predicted->milliseconds = -1;
    REQUIRE(journal->attempted(row, one));
    REQUIRE(journal->finished(row, passed()));
    CHECK(number("SELECT predicted IS NULL AND scorer = '' AND score_ms IS NULL FROM attempts") ==
          1);
    const auto story = task_story(*database, row).value();
    REQUIRE(story.attempts.at(0).attempt.predicted);
    CHECK(std::isnan(story.attempts[0].attempt.predicted->total));
    CHECK(story.attempts[0].attempt.predicted->milliseconds == -1);
    REQUIRE(story.task.predicted);
    CHECK(std::isnan(*story.task.predicted));
    REQUIRE(scores().size() == 1);
    CHECK(std::isnan(scores()[0].predicted.total));
}

TEST_CASE_METHOD(Predicted, "the chosen attempt's prediction stands beside the judgement") {
    const auto row = answered("t1", 0.71, 0.68);
    answered("t2", 0.8, 0, 2000);
    made("t3", 0.9, 9000);
    const auto all = scores();
    REQUIRE(all.size() == 3);
    CHECK(all[0].end == End::waiting);
    CHECK(all[0].at == 10'000);
    CHECK(all[1].task_id == "t2");
    CHECK(all[1].end == End::refused);
    const auto& first = all[2];
    CHECK(first.row == row);
    CHECK(first.task_id == "t1");
    CHECK(first.hotkey == kOurs);
    CHECK(first.validator == kTheirs);
    CHECK(first.kind == "image");
    CHECK(first.predicted.total == 0.71);
    CHECK(first.predicted.iqa == 0.7);
    CHECK(first.predicted.left_out == "lpips");
    CHECK(first.predicted.milliseconds == 41.5);
    CHECK(first.threshold == 0.6);
    CHECK(first.end == End::accepted);
    CHECK(first.received == 0.68);
    CHECK(first.at == 4000);
}

TEST_CASE_METHOD(Predicted, "a withheld result is told with its prediction, and is not judged") {
    const auto row = pulled(task("t1")).row;
    REQUIRE(journal->attempted(row, scored_attempt(1, 0.4)));
    REQUIRE(journal->finished(
        row,
        {.outcome = Outcome::rejected, .attempt = 0, .detail = {}, .withheld = 1, .at = 2000}));
    REQUIRE(journal->submitting(row, 3000));
    REQUIRE(journal->answered(row, scored(0)));  // of the empty result
    REQUIRE(scores().size() == 1);
    CHECK(scores()[0].end == End::withheld);
    CHECK(scores()[0].predicted.total == 0.4);
    CHECK(scores()[0].at == 2000);
    const auto line = list_tasks(*database, 1).value().at(0);
    CHECK(line.withheld == 1);
    CHECK(line.predicted == 0.4);
    // It is known when its validator hands it out again.
    const auto known = pulled(task("t1", 5000));
    REQUIRE(known.result);
    CHECK(known.result->withheld == 1);
}

TEST_CASE_METHOD(Predicted, "an answer without a judgement leaves the prediction waiting") {
    const auto row = made("t1", 0.71);
    auto failed = scored(0);
    failed.validation_failed = true;
    REQUIRE(journal->submitting(row, 3000));
    REQUIRE(journal->answered(row, failed));
    CHECK(scores().at(0).end == End::waiting);
    pulled(task("t1", 6000));
    REQUIRE(journal->submitting(row, 7000));
    REQUIRE(journal->answered(row, scored(0.7, 8000)));
    CHECK(scores().at(0).end == End::accepted);
    CHECK(scores().at(0).at == 8000);
}

TEST_CASE_METHOD(Predicted, "what was made anew is told with its own prediction, or with none") {
    const auto row = made("t1", 0.71);
    REQUIRE(journal->result_lost(row, "gone", 3000));
    CHECK(scores().empty());
    CHECK_FALSE(task_story(*database, row)->task.predicted);
    REQUIRE(journal->attempted(row, scored_attempt(1, 0.65)));
    REQUIRE(journal->finished(row, passed(4000)));
    REQUIRE(scores().size() == 1);
    CHECK(scores()[0].predicted.total == 0.65);
    CHECK(task_story(*database, row)->task.predicted == 0.65);
}

TEST_CASE_METHOD(Predicted, "the threshold is the one that was told last") {
    auto told = task("t1");
    told.threshold = 0.7;
    const auto row = pulled(told).row;
    CHECK(task_story(*database, row)->task.threshold == 0.7);
    told.threshold = 0.55;
    pulled(told);
    CHECK(task_story(*database, row)->task.threshold == 0.55);
    told.threshold = kNone;
    pulled(told);
    CHECK(task_story(*database, row)->task.threshold == 0.6);
}

TEST_CASE_METHOD(Predicted,
                 "predictions are of a span of pulls, of hotkeys, and no more than asked") {
    for (int i = 1; i <= 5; ++i) answered("t" + std::to_string(i), 0.7, 0.7, i * 1000);
    auto other = task("t6", 6000);
    other.hotkey = "5OurSecond";
    const auto row = pulled(other).row;
    REQUIRE(journal->attempted(row, scored_attempt(1, 0.9)));
    REQUIRE(journal->finished(row, passed(7000)));
    CHECK(scores().size() == 6);
    CHECK(scores({.hotkeys = {"5OurSecond"}}).size() == 1);
    CHECK(scores({.hotkeys = {kOurs, "5OurSecond"}}).size() == 6);
    CHECK(scores({.hotkeys = {"5Nobody"}}).empty());
    CHECK(scores({.last = 1}).size() == 6);
    CHECK(scores({.since = 2000, .until = 4000}).size() == 2);
    const auto newest = scores({.hotkeys = {kOurs}}, 2);
    REQUIRE(newest.size() == 2);
    CHECK(newest[0].task_id == "t5");
    CHECK(newest[1].task_id == "t4");
    CHECK(scores({}, 0).empty());
    CHECK(scores({}, -1).empty());
}

TEST_CASE_METHOD(Predicted, "candidates are no retries, and what is withheld is counted") {
    answered("t1", 0.7, 0.7);
    const auto row = pulled(task("t2", 2000)).row;
    REQUIRE(journal->attempted(row, scored_attempt(1, 0.4)));
    REQUIRE(journal->attempted(row, scored_attempt(2, 0.5)));
    REQUIRE(journal->attempted(row, scored_attempt(3, 0.45)));
    REQUIRE(journal->attempted(row, scored_attempt(4, 0.45)));
    REQUIRE(journal->finished(
        row,
        {.outcome = Outcome::rejected, .attempt = 0, .detail = {}, .withheld = 2, .at = 5000}));
    const auto found = statistics(*database, {}).value();
    CHECK(found.all.generations == 2);
    CHECK(found.all.retries == 1);
    CHECK(found.all.candidates == 3);
    CHECK(found.all.rejected == 1);
    CHECK(found.all.withheld == 1);
    REQUIRE(found.predictions.size() == 2);
    CHECK(found.predictions[0].kind == "image");
    CHECK(found.predictions[0].predicted == 2);
    CHECK(found.predictions[0].withheld == 1);
    CHECK(found.predictions[0].calibration.pairs == 1);
    CHECK(found.predictions[1].validator == kTheirs);
    const auto stage = std::find_if(found.stages.begin(), found.stages.end(),
                                    [](const auto& one) { return one.stage == "score"; });
    REQUIRE(stage != found.stages.end());
    CHECK(stage->count == 6);
    CHECK(stage->p50 == 41.5);
    // Predictions are of the span, whatever `last` leaves of the generations.
    CHECK(statistics(*database, {.last = 1})->predictions.at(0).predicted == 2);
    CHECK(statistics(*database, {.since = 2000})->predictions.at(0).predicted == 1);
}

TEST_CASE("the newest predictions cost the same however many tasks there are") {
    const auto cost = [](std::int64_t tasks) {
        const TemporaryFolder folder;
        const auto database = Database::open(folder.path() / "miner.db").value();
        fill(database->handle(), tasks);
        database->handle().exec(
            "UPDATE attempts SET scorer = 'published', predicted = 0.7 WHERE number = 1"
            " AND task % 4 = 3;"
            "UPDATE tasks SET predicted = 1 WHERE outcome <> 'skipped' AND id % 4 = 3");
        return std::array{steps(*database, {}, 100),
                          steps(*database, {.hotkeys = {"5Hotkey1"}}, 100),
                          steps(*database, {.until = 1'700'000'000'000 + 5'000 * 60'000}, 100)};
    };
    const auto few = cost(10'000), many = cost(20'000);
    for (std::size_t i = 0; i < few.size(); ++i) {
        INFO("question " << i);
        CHECK(few[i] > 0);
        CHECK(many[i] < few[i] * 11 / 10);
        CHECK(many[i] < 100 * 500);
    }
}

TEST_CASE("a database from before predictions reads as it did") {
    const TemporaryFolder folder;
    const auto file = folder.path() / "miner.db";
    {
        SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        migrate(old, migrations().first(3));
        fill(old, 40);
    }
    const auto database = Database::open(file).value();
    const auto all = statistics(*database, {.last = 0}).value();
    CHECK(all.all.generations == 38);
    CHECK(all.all.retries == 6);
    CHECK(all.all.candidates == 0);
    CHECK(all.all.withheld == 0);
    CHECK(all.predictions.empty());
    CHECK(predicted_scores(*database, {})->empty());
    const auto story = task_story(*database, 3).value();
    CHECK(story.task.outcome == Outcome::retry_passed);
    CHECK(story.task.threshold == 0.6);
    CHECK_FALSE(story.task.predicted);
    REQUIRE(story.attempts.size() == 2);
    CHECK_FALSE(story.attempts[1].attempt.predicted);
    CHECK_FALSE(story.attempts[1].attempt.candidate);
    // And goes on with them.
    Journal journal(*database, "0.2", "hash", 1);
    const auto row = journal.pulled(task("new", 1'800'000'000'000))->row;
    REQUIRE(journal.attempted(row, scored_attempt(1, 0.7)));
    REQUIRE(journal.finished(row, passed(1'800'000'000'500)));
    CHECK(predicted_scores(*database, {})->size() == 1);
}

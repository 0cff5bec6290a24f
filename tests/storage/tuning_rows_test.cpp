#include "storage/tuning_rows.hpp"

#include "tests/storage/journal_fixture.hpp"

#include <cmath>
#include <limits>

using namespace tests;

namespace {

class Tuned : public Fixture {
public:
    // A picture tried twice; the second attempt was predicted at `predicted`, and chosen.
    TaskRow made(const std::string& id, double predicted, Milliseconds at = 1000) {
        const auto row = pulled(task(id, at)).row;
        REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::sparse)));
        auto second = attempt(2, AttemptOutcome::passed);
        second.gaussians = 161'000;
        second.candidate = true;
        second.predicted =
            Prediction{.total = predicted, .left_out = "lpips", .scorer = "published"};
        REQUIRE(journal->attempted(row, second));
        auto result = passed(at + 1000);
        result.attempt = 2;
        REQUIRE(journal->finished(row, result));
        return row;
    }

    void answer(TaskRow row, const Answer& answer) {
        REQUIRE(journal->submitting(row, answer.at - 100));
        REQUIRE(journal->answered(row, answer));
    }

    std::vector<TuningRow> rows(const Span& span = {}) {
        return tuning_rows(*database, span).value();
    }
};

}  // namespace

TEST_CASE("a decided task comes with its attempts, what was chosen, and the score it received") {
    Tuned f;
    f.answer(f.made("a", 0.7), scored(0.75));
    const auto rows = f.rows();
    REQUIRE(rows.size() == 1);
    const auto& row = rows[0];
    CHECK(row.kind == "image");
    CHECK(row.outcome == Outcome::passed);
    CHECK(row.pulled_at == 1000);
    CHECK(row.threshold == 0.6);
    CHECK(row.chosen == 2);
    CHECK(row.withheld == 0);
    CHECK(row.score == 0.75);
    REQUIRE(row.attempts.size() == 2);
    CHECK(row.attempts[0].outcome == AttemptOutcome::sparse);
    CHECK(row.attempts[0].gaussians == 288'000);
    CHECK_FALSE(row.attempts[0].candidate);
    CHECK_FALSE(row.attempts[0].predicted);
    CHECK(row.attempts[1].chain == EnhancementChain::extreme);
    CHECK(row.attempts[1].candidate);
    REQUIRE(row.attempts[1].predicted);
    CHECK(row.attempts[1].predicted->total == 0.7);
    CHECK(row.attempts[1].predicted->left_out == "lpips");
    CHECK(row.attempts[1].predicted->scorer == "published");
    CHECK(row.attempt(2) == &row.attempts[1]);
    CHECK(row.attempt(3) == nullptr);
}

TEST_CASE("what no validator judged has no score, and a predicted one that is no number is NaN") {
    Tuned f;
    f.made("not sent", std::numeric_limits<double>::quiet_NaN(), 1000);
    auto failed = scored(0);
    failed.validation_failed = true;
    f.answer(f.made("failed", 0.7, 2000), failed);
    f.answer(f.made("refused", 0.7, 3000), scored(0));
    const auto rejected = f.pulled(task("rejected", 4000)).row;
    REQUIRE(f.journal->attempted(rejected, attempt(1, AttemptOutcome::sparse)));
    REQUIRE(
        f.journal->finished(rejected, {.outcome = Outcome::rejected, .withheld = 1, .at = 4500}));
    f.answer(rejected, scored(0));  // of the empty result a validator says 0
    const auto rows = f.rows();
    REQUIRE(rows.size() == 4);
    CHECK_FALSE(rows[0].score);
    CHECK(rows[0].withheld == 1);
    CHECK(rows[1].score == 0.0);
    CHECK_FALSE(rows[2].score);
    CHECK_FALSE(rows[3].score);
    CHECK(std::isnan(rows[3].attempts[1].predicted->total));
}

TEST_CASE("tasks in hand, skipped ones and attempts that were cut off are left out") {
    Tuned f;
    f.pulled(task("open"));
    const auto skipped = f.pulled(task("skipped")).row;
    REQUIRE(f.journal->finished(skipped, {.outcome = Outcome::skipped, .at = 1500}));
    const auto cut = f.pulled(task("cut")).row;
    REQUIRE(f.journal->attempted(cut, attempt(1, AttemptOutcome::sparse)));
    f.restart();
    f.recover();
    f.pulled(task("cut"));
    REQUIRE(f.journal->attempted(cut, attempt(1, AttemptOutcome::passed)));
    REQUIRE(f.journal->finished(cut, passed()));
    const auto rows = f.rows();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].row == cut);
    REQUIRE(rows[0].attempts.size() == 1);
    CHECK(rows[0].attempts[0].outcome == AttemptOutcome::passed);
}

TEST_CASE("the newest tasks come first, and only those of the span") {
    Tuned f;
    std::vector<TaskRow> made;
    for (const Milliseconds at : {1000, 2000, 3000, 4000})
        made.push_back(f.made("at " + std::to_string(at), 0.7, at));
    const auto asked = [&](const Span& span) {
        std::vector<TaskRow> found;
        for (const auto& row : f.rows(span)) found.push_back(row.row);
        return found;
    };
    CHECK(asked({}) == std::vector{made[3], made[2], made[1], made[0]});
    CHECK(asked({.last = 2}) == std::vector{made[3], made[2]});
    CHECK(asked({.last = 0}).size() == 4);
    CHECK(asked({.since = 2000, .until = 4000}) == std::vector{made[2], made[1]});
    CHECK(asked({.hotkeys = {kOurs}}).size() == 4);
    CHECK(asked({.hotkeys = {"5Other"}}).empty());
}

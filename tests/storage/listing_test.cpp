#include "storage/listing.hpp"

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <limits>

using namespace storage;

namespace {

struct Kept {
    tests::TemporaryFolder folder;
    std::unique_ptr<Database> database = Database::open(folder.path() / "miner.db").value();
    Journal journal{*database, "0.1", "hash", 0};

    TaskRow pull(const std::string& id, Milliseconds at) {
        return journal.pulled({"us", "them", id, "image", "prompt of " + id, at}).value().row;
    }

    // One sparse attempt, one that passed, then a submission that was scored.
    TaskRow whole(const std::string& id, Milliseconds at, double score) {
        const auto row = pull(id, at);
        Attempt first{
            .number = 1, .chain = EnhancementChain::standard, .seed = 7, .gaussians = 900};
        first.outcome = AttemptOutcome::sparse;
        Attempt second{.number = 2, .chain = EnhancementChain::extreme, .seed = ~std::uint64_t(0)};
        second.gaussians = 5000;
        second.outcome = AttemptOutcome::passed;
        second.times.latent = 12.5;
        second.health.opacity_mean = 0.25;
        REQUIRE(journal.attempted(row, first));
        REQUIRE(journal.attempted(row, second));
        REQUIRE(journal.finished(row, {.outcome = Outcome::retry_passed,
                                       .attempt = 2,
                                       .asset = std::string(64, 'a'),
                                       .bytes = 1234,
                                       .detail = {},
                                       .at = at + 50}));
        REQUIRE(journal.submitting(row, at + 60));
        REQUIRE(journal.answered(
            row, {.feedback = true, .score = score, .average_score = 0.5, .at = at + 80}));
        return row;
    }
};

}  // namespace

TEST_CASE("tasks come newest first, page by page") {
    Kept kept;
    std::vector<TaskRow> rows;
    for (int i = 0; i < 5; ++i) rows.push_back(kept.pull("t" + std::to_string(i), 1000 + i));
    const auto first = list_tasks(*kept.database, 2).value();
    REQUIRE(first.size() == 2);
    CHECK(first[0].row == rows[4]);
    CHECK(first[1].task_id == "t3");
    const auto rest = list_tasks(*kept.database, 10, first[1].row).value();
    REQUIRE(rest.size() == 3);
    CHECK(rest[0].row == rows[2]);
    CHECK(list_tasks(*kept.database, 0).value().empty());
}

TEST_CASE("a line tells what became of its task") {
    Kept kept;
    kept.whole("a", 1000, 0.75);
    kept.pull("b", 2000);
    const auto lines = list_tasks(*kept.database, 10).value();
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].state == TaskState::open);
    CHECK(lines[0].outcome == Outcome::none);
    CHECK_FALSE(lines[0].score.has_value());
    CHECK(lines[0].gaussians == -1);
    const auto& done = lines[1];
    CHECK(done.hotkey == "us");
    CHECK(done.validator == "them");
    CHECK(done.state == TaskState::answered);
    CHECK(done.outcome == Outcome::retry_passed);
    CHECK(done.attempts == 2);
    CHECK(done.first_gaussians == 900);
    CHECK(done.gaussians == 5000);
    CHECK(done.bytes == 1234);
    CHECK(done.finished_at == 1050);
    CHECK(done.score == 0.75);
    CHECK(done.average == 0.5);
}

TEST_CASE("a story has every attempt and submission") {
    Kept kept;
    const auto row = kept.whole("a", 1000, 0.75);
    const auto story = task_story(*kept.database, row).value();
    CHECK(story.task.row == row);
    REQUIRE(story.attempts.size() == 2);
    CHECK(story.attempts[0].attempt.outcome == AttemptOutcome::sparse);
    CHECK(story.attempts[0].attempt.times.latent == -1);
    CHECK(story.attempts[1].attempt.seed == ~std::uint64_t(0));
    CHECK(story.attempts[1].attempt.times.latent == 12.5);
    CHECK(story.attempts[1].attempt.health.opacity_mean == 0.25);
    CHECK_FALSE(story.attempts[1].superseded);
    REQUIRE(story.submissions.size() == 1);
    CHECK(story.submissions[0].status == "answered");
    CHECK(story.submissions[0].sent_at == 1060);
    CHECK(story.submissions[0].ended_at == 1080);
    CHECK(story.submissions[0].score == 0.75);
}

TEST_CASE("what was made before a result was lost is told as superseded") {
    Kept kept;
    const auto row = kept.pull("a", 1000);
    REQUIRE(kept.journal.attempted(
        row,
        {.number = 1, .chain = EnhancementChain::standard, .outcome = AttemptOutcome::passed}));
    REQUIRE(kept.journal.finished(row, {.outcome = Outcome::passed,
                                        .attempt = 1,
                                        .asset = std::string(64, 'a'),
                                        .bytes = 1,
                                        .detail = {},
                                        .at = 1010}));
    REQUIRE(kept.journal.result_lost(row, "gone", 1020));
    const auto story = task_story(*kept.database, row).value();
    CHECK(story.task.attempts == 0);
    REQUIRE(story.attempts.size() == 1);
    CHECK(story.attempts[0].superseded);
}

TEST_CASE("only a judgement of a result is shown as its score") {
    Kept kept;
    const auto answered = [&](const std::string& id, std::int64_t bytes,
                              const std::vector<Answer>& answers) {
        const auto row = kept.pull(id, 1000);
        Result result{.outcome = bytes ? Outcome::passed : Outcome::rejected, .bytes = bytes};
        if (bytes) result.asset = std::string(64, 'a');
        REQUIRE(kept.journal.finished(row, result));
        for (const auto& answer : answers) {
            if (&answer != &answers.front()) kept.pull(id, 1000);  // without effect: comes again
            REQUIRE(kept.journal.submitting(row, answer.at - 1));
            REQUIRE(kept.journal.answered(row, answer));
        }
        return task_story(*kept.database, row).value();
    };
    const Answer zero{.feedback = true, .score = 0, .average_score = 0.5, .reward = 7, .at = 2000};
    auto failed = zero, without_effect = zero, good = zero;
    failed.validation_failed = true;
    without_effect.score = std::numeric_limits<double>::quiet_NaN();
    without_effect.at = 3000;
    good.score = 0.75;

    // What is said of the empty result is no score of ours; the rest is told of the miner.
    const auto empty = answered("empty", 0, {zero});
    CHECK_FALSE(empty.task.score);
    CHECK_FALSE(empty.submissions.at(0).score);
    CHECK(empty.task.average == 0.5);
    CHECK(empty.task.reward == 7);

    CHECK(answered("zero", 9, {zero}).task.score == 0);
    CHECK_FALSE(answered("failed", 9, {failed}).task.score);
    CHECK_FALSE(answered("none", 9, {without_effect}).task.score);

    const auto twice = answered("twice", 9, {good, without_effect});
    CHECK(twice.task.score == 0.75);
    CHECK(twice.submissions.at(0).score == 0.75);
    CHECK_FALSE(twice.submissions.at(1).score);

    for (const auto& line : list_tasks(*kept.database, 10).value())
        CHECK(line.score == task_story(*kept.database, line.row)->task.score);
}

TEST_CASE("tasks are found by outcome, validator and score, all of which must hold") {
    Kept kept;
    const auto decided = [&](const std::string& validator, Outcome outcome, int withheld) {
        static int count = 0;
        const auto id = "d" + std::to_string(++count);
        const auto row = kept.journal.pulled({"us", validator, id, "image", "p", 1}).value().row;
        REQUIRE(kept.journal.finished(row, {.outcome = outcome, .withheld = withheld}));
        return row;
    };
    const auto low = kept.whole("low", 1000, 0.25), high = kept.whole("high", 1000, 0.75);
    const auto rejected = decided("them", Outcome::rejected, 0);
    const auto elsewhere = decided("others", Outcome::rejected, 0);
    const auto withheld = decided("them", Outcome::rejected, 1);
    const auto open = kept.pull("open", 1000);
    const auto found = [&](const TaskFilter& filter) {
        std::vector<TaskRow> rows;
        const auto listing = find_tasks(*kept.database, filter, 10).value();
        for (const auto& line : listing.tasks) rows.push_back(line.row);
        return rows;
    };
    using Rows = std::vector<TaskRow>;
    CHECK(found({}) == Rows{open, withheld, elsewhere, rejected, high, low});
    CHECK(found({.outcome = Outcome::rejected}) == Rows{withheld, elsewhere, rejected});
    CHECK(found({.outcome = Outcome::rejected, .withheld = false}) == Rows{elsewhere, rejected});
    CHECK(found({.withheld = true}) == Rows{withheld});
    CHECK(found({.validator = "others"}) == Rows{elsewhere});
    CHECK(found({.validator = "other"}).empty());
    CHECK(found({.validator = "' OR 1 --"}).empty());
    // The empty result has no score, so it has no low one.
    CHECK(found({.below = 0.5}) == Rows{low});
    CHECK(found({.below = 0.25}).empty());
    CHECK(found({.outcome = Outcome::retry_passed, .below = 2}) == Rows{high, low});
    CHECK(found({.outcome = Outcome::passed, .below = 2}).empty());
}

TEST_CASE("a question that found enough says where it goes on") {
    Kept kept;
    for (int i = 0; i < 5; ++i) kept.pull("t" + std::to_string(i), 1000);
    std::vector<TaskRow> rows;
    std::optional<TaskRow> before;
    int questions = 0;
    for (; questions < 9; ++questions) {
        const auto listing = find_tasks(*kept.database, {.validator = "them"}, 2, before).value();
        for (const auto& line : listing.tasks) rows.push_back(line.row);
        before = listing.next;
        if (!before) break;
    }
    CHECK(questions == 2);
    CHECK(rows == std::vector<TaskRow>{5, 4, 3, 2, 1});
    CHECK_FALSE(find_tasks(*kept.database, {.validator = "nobody"}, 2)->next);
    CHECK_FALSE(find_tasks(*kept.database, {}, 5)->next);
}

TEST_CASE("a row that is not there is missing") {
    Kept kept;
    CHECK(task_story(*kept.database, 7).error().code == Errc::missing);
}

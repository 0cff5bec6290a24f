// Tasks as a test knows them, random ones too, and a journal that is told of them.
#pragma once

#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace tests {

using namespace storage;

inline constexpr Milliseconds kDay = 86'400'000;
inline constexpr Milliseconds kFirstDay = 20'787 * kDay;  // 2026-11-30

// As an answer without effect is kept.
inline constexpr double kNotScored = std::numeric_limits<double>::quiet_NaN();

// A task as the test knows it, beside what the journal was told of it.
struct Truth {
    PulledTask task;
    std::vector<Attempt> attempts;
    Outcome outcome = Outcome::none;  // none: still in hand
    Milliseconds finished_at = 0;
    std::int64_t bytes = 0;
    int withheld = 0;
    bool sent = false;
    std::vector<Answer> answers;  // each to a submission of its own
    std::vector<double> round_trips;
};

class RecordedTasks {
public:
    RecordedTasks() : journal_(*database_, "0.1", "hash", 0) {}

    Database& database() { return *database_; }

    void record(const Truth& truth) {
        const auto row = journal_.pulled(truth.task)->row;
        for (const auto& attempt : truth.attempts) REQUIRE(journal_.attempted(row, attempt));
        if (truth.outcome == Outcome::none) return;
        Result result{.outcome = truth.outcome,
                      .bytes = truth.bytes,
                      .withheld = truth.withheld,
                      .at = truth.finished_at};
        if (truth.bytes) result.asset = std::string(64, 'a');
        REQUIRE(journal_.finished(row, result));
        for (std::size_t i = 0; i < truth.answers.size(); ++i) {
            if (i > 0) REQUIRE(journal_.pulled(truth.task));  // without effect: handed out again
            const auto at = truth.answers[i].at;
            REQUIRE(journal_.submitting(row, at - Milliseconds(truth.round_trips[i])));
            REQUIRE(journal_.answered(row, truth.answers[i]));
        }
    }

private:
    TemporaryFolder folder_;
    std::unique_ptr<Database> database_ = Database::open(folder_.path() / "miner.db").value();
    Journal journal_;
};

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}

    std::int64_t below(std::int64_t end) {
        return std::uniform_int_distribution<std::int64_t>(0, end - 1)(engine_);
    }
    bool one_in(int n) { return below(n) == 0; }
    double real(double end) { return std::uniform_real_distribution<double>(0, end)(engine_); }

private:
    std::mt19937_64 engine_;
};

// In a third of the tasks something was predicted, in some of these more was made than needed.
inline void add_candidates(Random& random, Truth& truth) {
    if (!random.one_in(3)) return;
    for (auto more = random.below(3); more > 0; --more) {
        auto candidate = truth.attempts.back();
        ++candidate.number;
        candidate.candidate = true;
        truth.attempts.push_back(candidate);
    }
    for (auto& attempt : truth.attempts)
        attempt.predicted =
            Prediction{.total = random.real(1), .scorer = "toy", .milliseconds = random.real(50)};
    if (truth.outcome == Outcome::rejected && random.one_in(2))
        truth.withheld = truth.attempts.back().number;
}

inline Truth random_task(Random& random, int number) {
    Truth truth;
    truth.task = {.hotkey = random.one_in(3) ? "5OurSecond" : "5OurFirst",
                  .validator = "5Validator" + std::to_string(random.below(4)),
                  .task_id = "t" + std::to_string(number),
                  .kind = random.one_in(4) ? "text" : "image",
                  .prompt = "p",
                  // Few moments, so that many tasks share one.
                  .at = kFirstDay + random.below(40) * kDay / 10};
    if (random.one_in(20)) return truth;
    truth.finished_at = truth.task.at + random.below(90'000);
    if (random.one_in(10)) {
        truth.outcome = Outcome::skipped;
    } else {
        truth.outcome = Outcome(1 + random.below(4));
        if (random.one_in(15)) truth.outcome = Outcome::error;
        const bool at_once = truth.outcome == Outcome::passed;
        const int attempts = at_once ? 1 : int(1 + random.below(3));
        for (int i = 1; i <= attempts; ++i) {
            Attempt attempt{.number = i,
                            .outcome = at_once ? AttemptOutcome::chosen : AttemptOutcome::sparse};
            attempt.at = truth.task.at;
            if (truth.task.kind == "text")
                attempt.route = random.one_in(2) ? Route::prompt : Route::prompt_via_picture;
            attempt.times.prepare = random.real(50);
            attempt.times.encode = random.real(100);
            attempt.times.structure = random.real(900);
            attempt.times.occupancy = random.real(10);
            if (i == attempts) attempt.times.latent = random.real(2000);
            if (i == attempts) attempt.times.gaussians = random.real(80);
            if (i == attempts) attempt.times.compress = random.real(300);
            truth.attempts.push_back(attempt);
        }
        add_candidates(random, truth);
    }
    const bool result = truth.outcome != Outcome::skipped && truth.outcome != Outcome::error &&
                        truth.outcome != Outcome::rejected;
    if (result) truth.bytes = 1 + random.below(5'000'000);
    const auto submissions = random.below(4);  // 0 to 2 answers: two of four have one
    for (int i = 0; i < (submissions + 1) / 2; ++i) {
        Answer answer;
        answer.feedback = !random.one_in(10);
        answer.validation_failed = random.one_in(10);
        answer.score = random.one_in(5) ? 0 : random.real(1);
        if (random.one_in(8)) answer.score = kNotScored;
        answer.reward = double(random.below(100'000));
        answer.at = truth.finished_at + random.below(100'000) * 10 + number % 10;
        truth.answers.push_back(answer);
        truth.round_trips.push_back(double(random.below(60'000)));
        truth.sent = true;
    }
    return truth;
}

}  // namespace tests

// The database: what a step of a task costs until it would survive a power cut, and what `miner
// stats` costs when there is much to count. The files lie in the folder for temporary files
// (TMPDIR); on a disk the first depends on how it syncs.

#include "storage/database.hpp"
#include "storage/day_tallies.hpp"
#include "storage/journal.hpp"
#include "storage/report.hpp"
#include "tests/storage/million.hpp"
#include "tests/support/temporary_folder.hpp"

#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

namespace {

constexpr storage::Milliseconds kNow = 1'764'000'000'000;

// A journal of its own for each benchmark.
struct Kept {
    tests::TemporaryFolder folder;
    std::unique_ptr<storage::Database> database =
        storage::Database::open(folder.path() / "miner.db").value();
    storage::Journal journal{*database, "0.1.0", "benchmark", kNow};
    int tasks = 0;

    // One pulled task, its picture a megabyte.
    storage::TaskRow pull() {
        const storage::PulledTask task{.hotkey = "5Hotkey",
                                       .validator = "5Validator",
                                       .task_id = std::to_string(++tasks),
                                       .kind = "image",
                                       .prompt = std::string(1'000'000, 'A'),
                                       .at = kNow};
        return journal.pulled(task).value().row;
    }

    void attempt(storage::TaskRow row, int number) {
        const storage::Attempt attempt{
            .number = number,
            .chain = storage::EnhancementChain::standard,
            .seed = 7,
            .voxels = 9000,
            .gaussians = 288'000,
            .times = {.prepare = 40.25, .encode = 30.5, .structure = 480.125},
            .outcome = storage::AttemptOutcome::passed,
            .error = {},
            .at = kNow};
        journal.attempted(row, attempt).value();
    }
};

void journal_write(benchmark::State& state) {
    Kept kept;
    const auto row = kept.pull();
    int number = 0;
    for (auto _ : state) kept.attempt(row, ++number);
}
BENCHMARK(journal_write)->UseRealTime()->Unit(benchmark::kMillisecond);

// All steps of a task that passes at once.
void journal_task(benchmark::State& state) {
    Kept kept;
    storage::Answer answer;
    answer.feedback = true;
    answer.score = 0.8;
    answer.at = kNow;
    for (auto _ : state) {
        const auto row = kept.pull();
        kept.attempt(row, 1);
        kept.journal
            .finished(row, {.outcome = storage::Outcome::passed,
                            .attempt = 1,
                            .asset = std::string(64, 'a'),
                            .bytes = 3'000'000,
                            .detail = {},
                            .at = kNow})
            .value();
        kept.journal.submitting(row, kNow).value();
        kept.journal.answered(row, answer).value();
    }
}
BENCHMARK(journal_task)->UseRealTime()->Unit(benchmark::kMillisecond);

storage::Database& million() {
    static const tests::TemporaryFolder folder;
    static const auto database = [] {
        auto opened = storage::Database::open(folder.path() / "miner.db").value();
        tests::fill(opened->handle(), 1'000'000);
        return opened;
    }();
    return *database;
}

void stats(benchmark::State& state, const storage::Span& span, bool kept) {
    auto& database = million();
    if (kept) {
        storage::keep_days(database.handle(), 2 * kNow);
    } else {
        database.handle().exec("DELETE FROM day_tallies");
    }
    for (auto _ : state) {
        auto answer = storage::statistics(database, span).value();
        benchmark::DoNotOptimize(answer.all.generations);
    }
}
BENCHMARK_CAPTURE(stats, , storage::Span{.last = 0}, false)
    ->Name("stats_million_counted")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stats, , storage::Span{.last = 0}, true)
    ->Name("stats_million")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stats, , storage::Span{}, true)
    ->Name("stats_newest_100")
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

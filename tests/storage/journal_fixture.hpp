// A journal with one run in a database of its own, and what goes into it.
#pragma once

#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <string>

namespace tests {

using namespace storage;

inline const std::string kOurs = "5Ours", kTheirs = "5Theirs";
inline const std::string kAsset(64, 'a');

inline PulledTask task(const std::string& id, Milliseconds at = 1000) {
    return {.hotkey = kOurs,
            .validator = kTheirs,
            .task_id = id,
            .kind = "image",
            .prompt = "picture of " + id,
            .at = at};
}

inline Attempt attempt(int number, AttemptOutcome outcome) {
    return {.number = number,
            .chain = number == 1 ? EnhancementChain::standard : EnhancementChain::extreme,
            .seed = 7,
            .voxels = 9000,
            .gaussians = 288'000,
            .times = {.structure = 800, .latent = 1200},
            .outcome = outcome,
            .error = {},
            .at = 1500};
}

inline Result passed(Milliseconds at = 2000) {
    return {.outcome = Outcome::passed,
            .attempt = 1,
            .asset = kAsset,
            .bytes = 1234,
            .detail = {},
            .at = at};
}

inline Answer scored(double score, Milliseconds at = 4000) {
    Answer answer;
    answer.feedback = true;
    answer.score = score;
    answer.reward = 12;
    answer.at = at;
    return answer;
}

// A database with the journal of one run; `restart` is a kill and a new start.
class Fixture {
public:
    Fixture() { restart(); }

    void restart() {
        if (journal) {
            // A killed process closes nothing: put back what the destructor writes.
            journal.reset();
            sql("UPDATE runs SET ended_at = NULL");
        }
        database.reset();
        auto opened = Database::open(folder.path() / "miner.db");
        REQUIRE(opened);
        database = std::move(*opened);
        journal = std::make_unique<Journal>(*database, "0.1", "hash", 1000);
    }

    int recover() {
        const auto recovered = journal->recover(9000);
        REQUIRE(recovered);
        return *recovered;
    }

    Known pulled(const PulledTask& pulled_task) {
        const auto known = journal->pulled(pulled_task);
        REQUIRE(known);
        return *known;
    }

    // A task brought as far as `state`, its answer not there yet.
    TaskRow at(TaskState state, const std::string& id = "t1") {
        const auto row = pulled(task(id)).row;
        if (state == TaskState::open) return row;
        REQUIRE(journal->attempted(row, attempt(1, AttemptOutcome::passed)));
        REQUIRE(journal->finished(row, passed()));
        if (state == TaskState::finished) return row;
        REQUIRE(journal->submitting(row, 3000));
        if (state == TaskState::submitting) return row;
        REQUIRE(journal->answered(row, scored(0.8)));
        return row;
    }

    void sql(const std::string& text) { database->handle().exec(text); }
    std::string text(const std::string& query) {
        return database->handle().execAndGet(query).getText("null");
    }
    int number(const std::string& query) { return database->handle().execAndGet(query).getInt(); }
    std::string state(TaskRow row) {
        return text("SELECT state FROM tasks WHERE id = " + std::to_string(row));
    }
    std::string submissions() {
        return text("SELECT group_concat(number || ' ' || status) FROM submissions");
    }

    TemporaryFolder folder;
    std::unique_ptr<Database> database;
    std::unique_ptr<Journal> journal;
};

template <class T>
void check_out_of_order(const config::Result<T>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::out_of_order);
}

}  // namespace tests

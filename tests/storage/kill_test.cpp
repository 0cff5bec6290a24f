// A process that is killed at any moment: what it was told is kept is there, whole and once.
#include "config/digest.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace storage;
namespace fs = std::filesystem;

namespace {

constexpr int kKills = 50;
constexpr std::size_t kTasks = 25;  // a slow disk takes more kills to get so far
const std::string kOurs = "5Ours", kTheirs = "5Theirs";

// What the child says after a call has returned.
struct Ack {
    enum Step : std::int32_t { pulled, attempted, finished, submitting, answered, lost, settled };
    Step step;
    std::int32_t task;
};

std::vector<std::uint8_t> content(int task) {
    return std::vector<std::uint8_t>(std::size_t(1000 + task * 37 % 5000), std::uint8_t(task));
}

PulledTask task(int number) {
    return {.hotkey = kOurs,
            .validator = kTheirs,
            .task_id = "t" + std::to_string(number),
            .kind = "image",
            .prompt = std::string(std::size_t(number) * 997 % 20'000, 'p'),
            .at = 1000 + number};
}

// The child: works on tasks from `first` on, in ever the same order of steps, until it is killed.
class Worker {
public:
    Worker(const fs::path& folder, int acks)
        : acks_(acks),
          database_(Database::open(folder / "miner.db").value()),
          artifacts_(Artifacts::open(folder / "assets").value()),
          journal_(*database_, "0.1", "hash", 1000) {}

    [[noreturn]] void work(int first) {
        must(journal_.recover(500));
        for (int number = first;; ++number) one(number);
    }

private:
    template <class T>
    T must(const config::Result<T>& result) {
        if (!result) ::_exit(3);
        if constexpr (!std::is_void_v<T>) return *result;
    }

    void say(Ack::Step step, int number) {
        const Ack ack{step, number};
        if (::write(acks_, &ack, sizeof ack) != sizeof ack) ::_exit(4);
    }

    void one(int number) {
        const auto known = must(journal_.pulled(task(number)));
        say(Ack::pulled, number);
        if (must(journal_.settled(kOurs, kTheirs, known.row, 2000)) > 0) say(Ack::settled, number);
        if (!known.result) make(number, known.row);
        must(journal_.submitting(known.row, 2000));
        say(Ack::submitting, number);
        if (number % 5 == 0) {
            must(journal_.submit_failed(known.row, true, "lost", 2000));
            say(Ack::lost, number);
            return;
        }
        Answer answer;
        answer.feedback = true;
        answer.score = 0.5;
        answer.at = 3000;
        must(journal_.answered(known.row, answer));
        say(Ack::answered, number);
    }

    void make(int number, TaskRow row) {
        must(journal_.attempted(row, {.number = 1, .outcome = AttemptOutcome::sparse, .at = 1500}));
        must(journal_.attempted(row, {.number = 2, .outcome = AttemptOutcome::chosen, .at = 1500}));
        say(Ack::attempted, number);
        const auto bytes = content(number);
        const auto asset = must(artifacts_.put(bytes));
        must(journal_.finished(row, {.outcome = Outcome::retry_passed,
                                     .attempt = 2,
                                     .asset = asset,
                                     .bytes = std::int64_t(bytes.size()),
                                     .at = 1800}));
        say(Ack::finished, number);
    }

    int acks_;
    std::unique_ptr<Database> database_;
    Artifacts artifacts_;
    Journal journal_;
};

// Everything the children were told, over all of them.
struct Told {
    std::map<int, Ack::Step> furthest;  // of each task
    int newest = -1;
};

// Kills `after` the start, or after the first step was told.
void run_and_kill(const fs::path& folder, bool at_work, std::chrono::microseconds after,
                  Told& told) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    // What was not answered the validator hands out again.
    const bool answered = told.newest >= 0 && told.furthest[told.newest] == Ack::answered;
    const int first = std::max(told.newest + answered, 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(ends[0]);
        Worker(folder, ends[1]).work(first);
    }
    ::close(ends[1]);
    std::thread killer;
    const auto kill_later = [&] {
        killer = std::thread([child, after] {
            std::this_thread::sleep_for(after);
            ::kill(child, SIGKILL);
        });
    };
    if (!at_work) kill_later();
    Ack ack;
    while (::read(ends[0], &ack, sizeof ack) == sizeof ack) {
        if (!killer.joinable()) kill_later();
        told.newest = std::max(told.newest, ack.task);
        if (ack.step == Ack::settled) continue;
        auto& furthest = told.furthest[ack.task];
        furthest = std::max(furthest, ack.step);
    }
    if (killer.joinable()) killer.join();
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));  // and did not leave because a step failed
}

int count(Database& database, const std::string& sql) {
    return database.handle().execAndGet(sql).getInt();
}

void check_consistent(Database& database) {
    CHECK(database.handle().execAndGet("PRAGMA integrity_check").getString() == "ok");
    CHECK(count(database, "SELECT count(*) FROM pragma_foreign_key_check") == 0);
    // Each state with what belongs to it.
    CHECK(count(database,
                "SELECT count(*) FROM tasks t WHERE state IN ('submitting', 'answered')"
                " AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.task = t.id)") == 0);
    CHECK(count(database,
                "SELECT count(*) FROM feedback f JOIN submissions s USING (task, number)"
                " WHERE s.status <> 'answered'") == 0);
    // Nothing doubled: of what counts, an attempt is there once.
    CHECK(count(database,
                "SELECT count(*) FROM (SELECT 1 FROM attempts WHERE superseded = 0"
                " GROUP BY task, number HAVING count(*) > 1)") == 0);
}

void check_told(Database& database, Artifacts& artifacts, const Told& told) {
    std::map<std::string, std::pair<std::string, std::string>> rows;  // id: state, asset
    SQLite::Statement statement(database.handle(), "SELECT task_id, state, asset FROM tasks");
    while (statement.executeStep()) {
        const auto fresh = rows.emplace(
            statement.getColumn(0).getString(),
            std::pair(statement.getColumn(1).getString(), statement.getColumn(2).getString()));
        CHECK(fresh.second);
    }
    for (const auto& [number, step] : told.furthest) {
        const auto row = rows.find("t" + std::to_string(number));
        REQUIRE(row != rows.end());
        const auto& [state, asset] = row->second;
        INFO("task " << number << " was told step " << step << " and is " << state);
        if (step >= Ack::finished) {
            CHECK(asset == config::sha256(content(number)));
            CHECK(*artifacts.get(asset) == content(number));
        }
        if (step == Ack::answered) CHECK(state == "answered");
        if (number == told.newest) continue;
        // Whatever came before the newest was answered, or its loss was settled by a later pull;
        // that of the last one is settled a step after the pull, and a kill may fall in between.
        const bool unsettled = number + 1 == told.newest && step == Ack::lost &&
                               told.furthest.at(told.newest) == Ack::pulled;
        if (!unsettled || state != "submitting") CHECK(state == "answered");
    }
    // Not more than one step of one task beyond what was told.
    CHECK(rows.size() >= told.furthest.size());
    CHECK(rows.size() <= told.furthest.size() + 1);
}

}  // namespace

TEST_CASE(
    "a miner killed at any moment loses nothing that it was told is kept, and doubles nothing") {
    const tests::TemporaryFolder folder;
    std::mt19937 random(20'261);
    std::uniform_int_distribution<int> microseconds(0, 100'000);
    Told told;
    for (int i = 0; i < kKills || told.furthest.size() < kTasks; ++i) {
        const bool at_work = i % 4 != 0;
        run_and_kill(folder.path(), at_work, std::chrono::microseconds(microseconds(random)), told);
        auto database = Database::open(folder.path() / "miner.db");
        REQUIRE(database);
        auto artifacts = Artifacts::open(folder.path() / "assets");
        REQUIRE(artifacts);
        CHECK(fs::is_empty(folder.path() / "assets" / "tmp"));
        check_consistent(**database);
        check_told(**database, *artifacts, told);
    }
    auto database = Database::open(folder.path() / "miner.db");
    REQUIRE(database);
    // What a new start makes of it: the task at hand when the last one was killed, and no other.
    Journal journal(**database, "0.1", "hash", 5000);
    const auto owed = journal.recover(5000);
    REQUIRE(owed);
    CHECK(*owed <= 2);
    CHECK(count(**database, "SELECT count(*) FROM submissions WHERE status = 'sent'") == 0);
}

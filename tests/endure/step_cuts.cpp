#include "tests/endure/step_cuts.hpp"

#include "config/durable_file.hpp"
#include "storage/artifacts.hpp"
#include "storage/backup.hpp"
#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/high_mark.hpp"
#include "storage/journal.hpp"
#include "tests/endure/keeper.hpp"
#include "tests/endure/lossy_disk.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/storage/outsider.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>

namespace endure {
namespace {

using tests::ProcessExit;

std::string read_file(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Tasks in a database that is whole; -1: it is not.
std::int64_t tasks_in(const fs::path& file) {
    if (!storage::Database::open(file, {.read_only = true})) return -1;
    const tests::Outsider database(file);
    if (database.word("PRAGMA integrity_check") != "ok") return -1;
    return database.number("SELECT count(*) FROM tasks");
}

void add_tasks(storage::Database& database, int first, int tasks) {
    storage::Journal journal(database, "0.1", "hash", 0);
    for (int i = first; i < first + tasks; ++i)
        journal.pulled({"us", "them", task_id(i), "image", "p", 1}).value();
}

void make_database(const fs::path& file, int tasks) {
    add_tasks(*storage::Database::open(file).value(), 0, tasks);
}

// The newest steps in the -wal alone, as kill -9 leaves them.
void make_killed_database(const fs::path& file, int tasks) {
    const auto made = file.parent_path() / "made.db";
    make_database(made, tasks - 1);
    const auto database = storage::Database::open(made).value();
    add_tasks(*database, tasks - 1, 1);
    fs::copy_file(made, file);
    fs::copy_file(made.string() + "-wal", file.string() + "-wal");
}

void remove_made(const fs::path& folder) {
    for (const char* name : {"made.db", "made.db-wal", "made.db-shm"}) fs::remove(folder / name);
}

// Runs one program, then looks at what each cut of it leaves. `look` is handed how many of its
// changes there were and what the program had said; the place's data folder is as the cut left it.
class Cutter {
public:
    using Look = std::function<void(std::size_t changes, bool last, const std::string& said)>;

    Cutter(Place& place, int draws, std::mt19937& random, StepFigures& figures)
        : place_(place), losses_{Loss::none, Loss::all}, random_(random), figures_(figures) {
        for (int i = 0; i < draws; ++i) losses_.push_back(Loss::some);
        for (int i = 0; i < (draws + 1) / 2; ++i) losses_.push_back(Loss::tail);
    }

    void cut_everywhere(const std::vector<std::string>& words, const Look& look) {
        LossyDisk disk(place_.data());
        const auto before = disk.after_cut(0, Loss::none, random_);
        const auto end = tests::run_to_end(place_.traced(words, {}), kPatience);
        if (end.exit_status != ProcessExit{.code = 0}) return broken(words[0] + ": " + end.err);
        disk.read(place_.trace());
        const auto whole = disk.after_cut(disk.changes(), Loss::none, random_);
        if (const auto differs = difference(whole, place_.data()); !differs.empty())
            return broken(words[0] + ": the trace is not what happened: " + differs);
        figures_.changes += int(disk.changes());
        for (std::size_t i = 0; i <= disk.changes() && figures_.broken.size() < 20; ++i)
            for (const auto loss : losses_) {
                put_back(disk.after_cut(i, loss, random_), place_.data());
                ++figures_.states;
                where_ = words[0] + " cut before change " + std::to_string(i) + " (" +
                         (i < disk.changes() ? disk.describe(i) : "none left") + "), loss " +
                         std::string(name(loss)) + ": ";
                look(i, i == disk.changes(), disk.marks(i));
            }
        put_back(before, place_.data());
    }

    void demand(bool holds, const std::string& words) {
        if (!holds) broken(where_ + words);
    }
    void broken(const std::string& words) { figures_.broken.push_back(words); }

private:
    Place& place_;
    std::vector<Loss> losses_;
    std::mt19937& random_;
    StepFigures& figures_;
    std::string where_;
};

// What the keeper said is there.
class Promises {
public:
    explicit Promises(const fs::path& folder) : folder_(folder) {}

    // The first word of a promise that does not hold; empty: all do.
    std::string first_broken(const std::string& said) const {
        if (said.empty()) return {};
        const auto database = storage::Database::open(folder_ / "miner.db");
        if (!database) return "open: " + database.error().message();
        if (tasks_in(folder_ / "miner.db") < 0) return "integrity";
        std::istringstream lines(said);
        std::string what;
        for (int task = 0; lines >> what >> task;)
            if (!holds(what, task)) return what + " " + std::to_string(task);
        return {};
    }

private:
    bool holds(const std::string& what, int task) const {
        if (what == "pulled") return state(task) >= storage::TaskState::open;
        if (what == "attempted") return attempts(task) >= 1;
        if (what == "result") return true;  // a promise from `finished` on: its name is known then
        if (what == "finished") return attempts(task) == 1 && result(task) == result_of(task);
        if (what == "submitting") return state(task) >= storage::TaskState::submitting;
        if (what == "answered") return state(task) == storage::TaskState::answered;
        if (what == "mark") return mark() >= task;
        return note_is(task);
    }

    std::int64_t number(const std::string& sql, int task) const {
        return tests::Outsider(folder_ / "miner.db")
            .number(sql + " WHERE task_id = '" + task_id(task) + "'");
    }
    std::int64_t attempts(int task) const {
        return number("SELECT count(*) FROM attempts JOIN tasks ON tasks.id = task", task);
    }
    storage::TaskState state(int task) const {
        return storage::TaskState(
            number("SELECT CASE state WHEN 'open' THEN 0 WHEN 'finished' THEN 1"
                   " WHEN 'submitting' THEN 2 ELSE 3 END FROM tasks",
                   task));
    }
    std::vector<std::uint8_t> result(int task) const {
        const auto asset =
            tests::Outsider(folder_ / "miner.db")
                .word("SELECT asset FROM tasks WHERE task_id = '" + task_id(task) + "'");
        const auto artifacts = storage::Artifacts::open(folder_ / "assets");
        const auto bytes = artifacts ? artifacts->get(asset) : artifacts.error();
        return bytes ? *bytes : std::vector<std::uint8_t>();
    }
    std::int64_t mark() const {
        const auto kept = storage::read_mark(folder_ / "mark");
        return kept ? kept->value_or(-1) : -1;
    }
    // This one or the one that was under way after it.
    bool note_is(int task) const {
        const auto text = read_file(folder_ / "note");
        return text == note_of(task) || text == note_of(task + 1) || mark() > task;
    }

    fs::path folder_;
};

}  // namespace

void StepFigures::add(const StepFigures& other) {
    changes += other.changes;
    states += other.states;
    broken.insert(broken.end(), other.broken.begin(), other.broken.end());
}

StepFigures cut_keeping(int draws, std::mt19937& random) {
    StepFigures figures;
    Place place;
    Cutter cutter(place, draws, random, figures);
    const auto folder = place.storage().string();
    cutter.cut_everywhere({"keep", folder, "0", "3"}, [&](std::size_t, bool, const auto& said) {
        const auto wrong = Promises(folder).first_broken(said);
        cutter.demand(wrong.empty(), "was told, but is not there: " + wrong);
        // And it goes on.
        cutter.demand(open_kept(folder) == 0, "does not open again");
    });
    return figures;
}

StepFigures cut_backup(bool over, int draws, std::mt19937& random) {
    StepFigures figures;
    Place place;
    const auto source = place.storage() / "miner.db", target = place.data() / "safe" / "copy.db";
    make_killed_database(source, 3);
    remove_made(place.storage());
    if (over) {
        make_killed_database(target, 2);  // that was opened and killed
        remove_made(target.parent_path());
    }
    Cutter cutter(place, draws, random, figures);
    const std::vector<std::string> words{"backup", target.string(), "--storage.path",
                                         place.storage().string()};
    cutter.cut_everywhere(words, [&](std::size_t, bool last, const auto&) {
        const bool is_there = fs::exists(target);
        const auto copied = is_there ? tasks_in(target) : -1;
        const bool old = over ? copied == 2 : !is_there;
        cutter.demand(copied == 3 || old, "the target has " + std::to_string(copied));
        if (last) cutter.demand(copied == 3, "was told, but the copy is not there");
        const auto again = storage::back_up(source, target);
        cutter.demand(again.has_value(),
                      "cannot be done again: " + (again ? "" : again.error().message()));
        cutter.demand(tasks_in(target) == 3, "done again, it is no copy");
        cutter.demand(tasks_in(source) == 3, "the database itself has lost something");
    });
    return figures;
}

namespace {

constexpr std::size_t kContinuations = 6;  // of all that a cut restore can leave

// An old database of three tasks, one of one task put over it; what lay aside had four.
class Restoring {
public:
    // Of the database and what lay aside one was killed and has a -wal.
    Restoring(bool killed, int draws, std::mt19937& random, StepFigures& figures)
        : random_(random), cutter_(place_, draws, random, figures) {
        (killed ? make_killed_database : make_database)(file_, 3);
        (killed ? make_database : make_killed_database)(aside_, 4);
        make_database(copy_, 1);
        remove_made(place_.storage());
    }

    void cut() {
        const std::vector<std::string> words{"restore", copy_.string(), "--storage.path",
                                             place_.storage().string()};
        std::vector<Tree> half;
        cutter_.cut_everywhere(words, [&](std::size_t, bool last, const auto&) {
            if (storage::is_half_restored(file_)) half.push_back(now());
            look(last);
        });
        // A start that goes on with it is cut off, too.
        const auto apart = std::max<std::size_t>(half.size() / kContinuations, 1);
        for (std::size_t i = 0; i < half.size(); i += apart) {
            put_back(half[i], place_.data());
            cutter_.cut_everywhere({"open", place_.storage().string()},
                                   [&](std::size_t, bool, const auto&) { look(true); });
        }
    }

private:
    Tree now() { return LossyDisk(place_.data()).after_cut(0, Loss::none, random_); }

    // `done`: it is the copy that counts.
    void look(bool done) {
        if (storage::is_half_restored(file_))
            cutter_.demand(tasks_in(file_) == -1, "half restored, it is shown");
        const auto opened = open_kept(place_.storage()) == 0;
        cutter_.demand(opened, "does not open");
        const auto tasks = tasks_in(file_);
        cutter_.demand(tasks == 1 || (tasks == 3 && !done),
                       "the database has " + std::to_string(tasks));
        if (tasks == 1) cutter_.demand(tasks_in(aside_) == 3, "what was there is lost");
        cutter_.demand(tasks_in(copy_) == 1, "the copy itself has lost something");
    }

    std::mt19937& random_;
    Place place_;
    fs::path file_ = place_.storage() / "miner.db";
    fs::path copy_ = place_.data() / "safe" / "copy.db";
    fs::path aside_ = place_.storage() / "miner.db.before-restore";
    Cutter cutter_;
};

}  // namespace

StepFigures cut_restore(bool aside, int draws, std::mt19937& random) {
    StepFigures figures;
    Restoring(!aside, draws, random, figures).cut();
    return figures;
}

}  // namespace endure

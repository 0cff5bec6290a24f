#include "tests/endure/keeper.hpp"

#include "config/durable_file.hpp"
#include "storage/artifacts.hpp"
#include "storage/database.hpp"
#include "storage/high_mark.hpp"
#include "storage/journal.hpp"

#include <cstdio>
#include <span>
#include <utility>

#include <unistd.h>

namespace endure {
namespace {

namespace fs = std::filesystem;

struct Failed {};

template <class T>
T must(config::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "keep: %s\n", result.error().message().c_str());
        throw Failed();
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void say(const std::string& what, int task) {
    const auto line = what + " " + std::to_string(task) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) != ssize_t(line.size())) throw Failed();
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void keep_task(storage::Journal& journal, storage::Artifacts& artifacts, int task) {
    using namespace storage;
    const auto known = must(journal.pulled({.hotkey = "us",
                                            .validator = "them",
                                            .task_id = task_id(task),
                                            .kind = "image",
                                            .prompt = "p",
                                            .at = 1000 + task}));
    say("pulled", task);
    if (known.state == TaskState::answered) return;
    if (!known.result) {
        must(journal.attempted(known.row,
                               {.number = 1, .outcome = AttemptOutcome::chosen, .at = 1500}));
        say("attempted", task);
        const auto bytes = result_of(task);
        const auto asset = must(artifacts.put(bytes));
        say("result", task);
        must(journal.finished(known.row, {.outcome = Outcome::passed,
                                          .attempt = 1,
                                          .asset = asset,
                                          .bytes = std::int64_t(bytes.size()),
                                          .at = 1800}));
        say("finished", task);
    }
    must(journal.submitting(known.row, 2000));
    say("submitting", task);
    must(journal.answered(known.row, {.feedback = true, .score = 0.5, .at = 3000}));
    say("answered", task);
}

}  // namespace

std::string task_id(int task) { return "t" + std::to_string(task); }

std::vector<std::uint8_t> result_of(int task) {
    return std::vector<std::uint8_t>(std::size_t(1000 + task * 1371), std::uint8_t(1 + task));
}

std::string note_of(int task) { return std::string(2000, char('a' + task)); }

int keep(const fs::path& folder, int first, int tasks) try {
    const auto database = must(storage::Database::open(folder / "miner.db"));
    auto artifacts = must(storage::Artifacts::open(folder / "assets"));
    storage::Journal journal(*database, "0.1", "hash", 1000);
    must(journal.recover(1000));
    for (int task = first; task < first + tasks; ++task) {
        keep_task(journal, artifacts, task);
        must(storage::raise_mark(folder / "mark", task));
        say("mark", task);
        must(config::write_durably(folder / "note", bytes_of(note_of(task))));
        say("note", task);
    }
    return 0;
} catch (const Failed&) {
    return 1;
}

int open_kept(const fs::path& folder) try {
    must(storage::Database::open(folder / "miner.db"));
    must(storage::Artifacts::open(folder / "assets"));
    return 0;
} catch (const Failed&) {
    return 1;
}

}  // namespace endure

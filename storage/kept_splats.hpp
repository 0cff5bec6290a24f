// Splats of attempts, sent or not, of the newest few tasks, for people who compare them: files
// FOLDER/TASK.ATTEMPT.SEED.spz. Nothing depends on them: what is not there or damaged is no loss.
// Synchronous; any one lane.
#pragma once

#include "storage/journal.hpp"

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <vector>

namespace storage {

struct KeptName {
    TaskRow task = 0;
    int attempt = 0;
    std::uint64_t seed = 0;  // of the attempt: a task that is begun anew has others

    auto operator<=>(const KeptName&) const = default;
};

class KeptSplats {
public:
    static constexpr int kPerTask = 16;                         // the first ones
    static constexpr std::uintmax_t kRoomLeft = 1'000'000'000;  // to what must be kept

    // What an earlier process left half-written is swept away: one process a folder.
    // Those of the newest `tasks` tasks; the rest is removed. 0: none, and none are taken.
    // `database`, used here alone, has the tasks. After a restore it is older than the files, and
    // gives their rows to other tasks: those of no attempt in it are removed first. Null: none are.
    KeptSplats(std::filesystem::path folder, int tasks, Database* database = nullptr);

    int tasks() const { return tasks_; }
    // Fails with full (already when kRoomLeft bytes are left), read_only, io. Beyond kPerTask it
    // does nothing.
    config::Result<void> put(const KeptName& name, std::span<const std::uint8_t> bytes);
    // In the order of their attempts.
    std::vector<KeptName> of(TaskRow task) const;
    // Fails with missing, io.
    config::Result<std::vector<std::uint8_t>> get(const KeptName& name) const;

private:
    using Files = std::map<KeptName, std::filesystem::path>;
    Files files() const;
    void prune() const;

    std::filesystem::path folder_;
    int tasks_ = 0;
};

}  // namespace storage

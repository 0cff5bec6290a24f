// The one SQLite file: WAL, foreign keys, numbered migrations. One object a thread; SQLite
// serialises between processes.
#pragma once

#include "config/result.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace SQLite {
class Database;
}

namespace storage {

class Database {
public:
    struct Options {
        bool read_only = false;  // for `miner stats` beside a running miner; nothing is migrated
        // Leaves a file of an older version as it is, for those who look at none of its tables: to
        // write, it is not migrated; to read, it is not refused.
        bool keep_older = false;
        std::chrono::milliseconds busy_wait{5000};
    };

    // Creates or migrates, after finishing a restore that was cut off. A new one belongs to the
    // owner of its folder, as far as that is allowed. Fails with cannot_open (to read, also what is
    // empty or of an older version), locked, full, read_only, newer, corrupt; the detail says what
    // to do.
    static config::Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                          Options options);
    static config::Result<std::unique_ptr<Database>> open(const std::filesystem::path& file) {
        return open(file, {});
    }
    ~Database();

    // Writes something that changes nothing, to see whether the file takes it. Fails with locked,
    // full, read_only, corrupt, io.
    config::Result<void> probe();

    SQLite::Database& handle() { return *handle_; }  // for storage/*.cpp
    const std::filesystem::path& file() const { return file_; }
    bool finished_restore() const { return finished_restore_; }
    // The file was left as an older version has it (Options::keep_older).
    bool is_older() const { return older_; }

private:
    Database() = default;

    std::filesystem::path file_;
    bool finished_restore_ = false, older_ = false;
    std::unique_ptr<SQLite::Database> handle_;
};

}  // namespace storage

// A database of many tasks, made by SQL alone so that it takes seconds.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <string>

namespace tests {

// Tasks a minute apart of three hotkeys with five validators each, nine in ten with a result that
// was scored. `database` is empty but for its tables.
inline void fill(SQLite::Database& database, std::int64_t tasks) {
    const std::string count = std::to_string(tasks);
    database.exec("PRAGMA synchronous = OFF; BEGIN");
    database.exec(
        "INSERT INTO runs (version, settings_hash, started_at) VALUES ('0.1', 'hash', 0);"
        "INSERT INTO hotkeys (address) VALUES ('5Hotkey1'), ('5Hotkey2'), ('5Hotkey3');"
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 14)"
        " INSERT INTO validators (hotkey, address) SELECT 1 + i / 5, '5Validator' || (i % 5)"
        " FROM n");
    database.exec(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + count +
        ") INSERT INTO tasks (id, validator, task_id, run, kind, state, pulled_at, begun_at,"
        " prompt_sha256, prompt_bytes, outcome, chosen, asset, asset_bytes, finished_at, closed_at)"
        " SELECT i, 1 + i % 15, printf('%08x-0000-4000-8000-%012x', i, i), 1,"
        " CASE i % 5 WHEN 0 THEN 'text' ELSE 'image' END, 'answered',"
        " 1700000000000 + i * 60000, 1700000000000 + i * 60000, printf('%064x', i), 900000,"
        " CASE i % 20 WHEN 0 THEN 'rejected' WHEN 1 THEN 'error' WHEN 2 THEN 'skipped'"
        " WHEN 3 THEN 'retry_passed' WHEN 4 THEN 'retry_improved' ELSE 'passed' END,"
        " 1, CASE WHEN i % 20 > 2 THEN printf('%064x', i) END,"
        " CASE WHEN i % 20 > 2 THEN 3000000 ELSE 0 END,"
        " 1700000000000 + i * 60000 + 5000 + i % 977, 1700000000000 + i * 60000 + 9000 FROM n");
    for (const int number : {1, 2}) {
        const std::string condition = number == 1 ? "outcome <> 'skipped'"
                                                  : "outcome IN ('rejected', 'retry_passed',"
                                                    " 'retry_improved')";
        database.exec(
            "INSERT INTO attempts (task, round, number, outcome, prepare, encode, structure,"
            " occupancy, latent, gaussians_ms, compress, run, at, chain, seed, voxels, gaussians,"
            " invisible, opacity_mean, opacity_spread, non_finite, identity_rotations, extent)"
            " SELECT id, 1, " +
            std::to_string(number) +
            ", 'sparse', 40.25 + id % 13,"
            " 30.5 + id % 7, 480.125 + id % 101, 7.5 + id % 3, 150.75 + id % 997, 20.5 + id % 17,"
            " 90.25 + id % 31, 1, pulled_at, 'standard', id * 7919, 9000, 288000,"
            " 0.01, 0.6, 0.3, 0, 0.001, 1.5 FROM tasks WHERE " +
            condition);
    }
    database.exec(
        "INSERT INTO submissions (task, number, status, bytes, sent_at, ended_at, run)"
        " SELECT id, 1, 'answered', asset_bytes, finished_at, finished_at + 800 + id % 1999, 1"
        " FROM tasks;"
        "INSERT INTO feedback (task, number, at, validation_failed, score, average_score,"
        " accepted_in_window, duel_rating, reward, cooldown_until)"
        " SELECT task, number, ended_at, 0, CASE task % 11 WHEN 0 THEN 0"
        " ELSE 0.6 + (task % 4001) / 10003.0 END, 0.8, 50, 1512.25, 75612.5, 1700000300"
        " FROM submissions; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace tests

#include "storage/schema.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace storage {
namespace {

constexpr const char* kFirst = R"sql(
CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    version       TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    started_at    INTEGER NOT NULL,
    ended_at      INTEGER  -- null: still running, or killed
) STRICT;

CREATE TABLE hotkeys (
    id      INTEGER PRIMARY KEY,
    address TEXT NOT NULL UNIQUE
) STRICT;

-- A validator as one of our hotkeys knows it: two hotkeys at one validator are two rows.
CREATE TABLE validators (
    id             INTEGER PRIMARY KEY,
    hotkey         INTEGER NOT NULL REFERENCES hotkeys (id),
    address        TEXT NOT NULL,
    calls          INTEGER NOT NULL DEFAULT 0,
    failures       INTEGER NOT NULL DEFAULT 0,
    last_call      INTEGER,
    last_failure   INTEGER,
    last_error     TEXT,
    cooldown_until INTEGER NOT NULL DEFAULT 0,  -- Unix seconds
    UNIQUE (hotkey, address)
) STRICT;

CREATE TABLE tasks (
    id            INTEGER PRIMARY KEY,
    validator     INTEGER NOT NULL REFERENCES validators (id),
    task_id       TEXT NOT NULL,
    run           INTEGER NOT NULL REFERENCES runs (id),  -- the last that had it in hand
    kind          TEXT NOT NULL,
    state         TEXT NOT NULL
                  CHECK (state IN ('open', 'finished', 'submitting', 'answered', 'abandoned')),
    pulled_at     INTEGER NOT NULL,
    begun_at      INTEGER NOT NULL,  -- later than pulled_at when it was begun anew
    prompt_sha256 TEXT NOT NULL,
    prompt_bytes  INTEGER NOT NULL,
    outcome       TEXT CHECK (outcome IN ('passed', 'retry_passed', 'retry_improved', 'rejected',
                                          'skipped', 'error')),
    chosen        INTEGER,
    asset         TEXT,
    asset_bytes   INTEGER,
    detail        TEXT,
    finished_at   INTEGER,
    closed_at     INTEGER,
    UNIQUE (validator, task_id),
    CHECK ((outcome IS NULL) = (finished_at IS NULL)),
    CHECK ((closed_at IS NULL) = (state IN ('open', 'finished', 'submitting'))),
    CHECK (state NOT IN ('finished', 'submitting', 'answered') OR outcome IS NOT NULL)
) STRICT;

-- All that `miner stats` wants of a task, so that it never reads the table itself.
CREATE INDEX tasks_decided
    ON tasks (pulled_at, id, validator, kind, outcome, begun_at, finished_at)
    WHERE outcome IS NOT NULL;
CREATE INDEX tasks_owed ON tasks (validator) WHERE closed_at IS NULL;

CREATE TABLE attempts (
    task       INTEGER NOT NULL REFERENCES tasks (id),
    round      INTEGER NOT NULL,  -- counts how often the task was begun anew
    number     INTEGER NOT NULL,
    superseded INTEGER NOT NULL DEFAULT 0,  -- 1: cut off, or its result was lost; not counted
    outcome    TEXT NOT NULL,
    -- Milliseconds; null: did not run.
    prepare REAL, encode REAL, structure REAL, occupancy REAL, latent REAL, gaussians_ms REAL,
    compress   REAL,
    run        INTEGER NOT NULL REFERENCES runs (id),
    at         INTEGER NOT NULL,
    chain      TEXT NOT NULL,
    seed       INTEGER NOT NULL,  -- 64 bits; shown negative from 2^63 on
    voxels     INTEGER,
    gaussians  INTEGER,
    error      TEXT,
    invisible REAL, opacity_mean REAL, opacity_spread REAL, non_finite REAL,
    identity_rotations REAL, extent REAL,
    PRIMARY KEY (task, round, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
    task     INTEGER NOT NULL REFERENCES tasks (id),
    number   INTEGER NOT NULL,
    status   TEXT NOT NULL
             CHECK (status IN ('sent', 'answered', 'lost', 'failed', 'taken', 'returned')),
    bytes    INTEGER NOT NULL,  -- of the SPZ; 0: the empty result
    sent_at  INTEGER NOT NULL,
    ended_at INTEGER,
    run      INTEGER NOT NULL REFERENCES runs (id),
    detail   TEXT,
    PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

-- Numbers that were not finite are null.
CREATE TABLE feedback (
    task               INTEGER NOT NULL,
    number             INTEGER NOT NULL,
    at                 INTEGER NOT NULL,
    validation_failed  INTEGER NOT NULL,
    score              REAL,
    average_score      REAL,
    accepted_in_window INTEGER NOT NULL,
    duel_rating        REAL,
    reward             REAL,
    cooldown_until     INTEGER NOT NULL,  -- Unix seconds
    PRIMARY KEY (task, number),
    FOREIGN KEY (task, number) REFERENCES submissions (task, number)
) STRICT, WITHOUT ROWID;
)sql";

// How an attempt came to its splats; those of older versions all began from a picture.
constexpr const char* kRoutes = R"sql(
ALTER TABLE attempts ADD COLUMN route TEXT NOT NULL DEFAULT 'picture'
    CHECK (route IN ('picture', 'prompt', 'prompt_via_picture'));
)sql";

// When a cool-down was told, by our clock, and how long it was then by the validator's: whichever
// clock is set later, what is left can be told.
constexpr const char* kToldCooldowns = R"sql(
ALTER TABLE validators ADD COLUMN told_at INTEGER;
ALTER TABLE validators ADD COLUMN wait_ms INTEGER NOT NULL DEFAULT 0;
)sql";

// What was predicted of an attempt's splats; of older versions nothing was, and what a validator
// asked for was not kept. A predicted score that is no number is null beside its scorer.
constexpr const char* kPredictions = R"sql(
ALTER TABLE attempts ADD COLUMN candidate INTEGER NOT NULL DEFAULT 0;  -- 1: beyond the gate's
ALTER TABLE attempts ADD COLUMN scorer TEXT;  -- null: nothing was predicted
ALTER TABLE attempts ADD COLUMN predicted REAL;
ALTER TABLE attempts ADD COLUMN iqa REAL;
ALTER TABLE attempts ADD COLUMN alignment REAL;
ALTER TABLE attempts ADD COLUMN ssim REAL;
ALTER TABLE attempts ADD COLUMN lpips REAL;
ALTER TABLE attempts ADD COLUMN left_out TEXT;
ALTER TABLE attempts ADD COLUMN score_ms REAL;
ALTER TABLE tasks ADD COLUMN threshold REAL DEFAULT 0.6;
ALTER TABLE tasks ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;  -- number of the attempt
-- Number of the chosen or withheld attempt, when something was predicted of it.
ALTER TABLE tasks ADD COLUMN predicted INTEGER;
CREATE INDEX tasks_predicted ON tasks (pulled_at, id, validator, predicted)
    WHERE predicted IS NOT NULL;
-- With what statistics want beside what they wanted before.
DROP INDEX tasks_decided;
CREATE INDEX tasks_decided
    ON tasks (pulled_at, id, validator, kind, outcome, begun_at, finished_at, withheld)
    WHERE outcome IS NOT NULL;
)sql";

// Sums of whole days (storage/day_tallies). A day counts as long as day_tallies has it: whatever is
// done to its tasks, by whom it may be, takes that away in the same transaction.
constexpr const char* kDayTallies = R"sql(
-- Of the pull, since 1970, UTC: rounded down also before.
ALTER TABLE tasks ADD COLUMN day INTEGER GENERATED ALWAYS AS
    ((pulled_at - (pulled_at % 86400000 + 86400000) % 86400000) / 86400000) VIRTUAL;

CREATE TABLE day_tallies (
    day   INTEGER PRIMARY KEY,
    rules INTEGER NOT NULL  -- by which it was counted
) STRICT;

CREATE TABLE tallies (
    day       INTEGER NOT NULL,
    validator INTEGER NOT NULL REFERENCES validators (id),
    kind      TEXT NOT NULL,
    route     TEXT NOT NULL,  -- of the last attempt; empty: there was none
    first INTEGER NOT NULL, newest INTEGER NOT NULL,  -- pulls
    last_accepted INTEGER,
    score_sum REAL NOT NULL,
    scores    BLOB NOT NULL,  -- storage/distribution.hpp
    reward REAL, rewarded_at INTEGER, rewarded_task INTEGER,
    generations INTEGER NOT NULL, passed_at_once INTEGER NOT NULL, sparse_first INTEGER NOT NULL,
    retries INTEGER NOT NULL, candidates INTEGER NOT NULL, retry_passed INTEGER NOT NULL,
    retry_improved INTEGER NOT NULL, rejected INTEGER NOT NULL, withheld INTEGER NOT NULL,
    errors INTEGER NOT NULL, skipped INTEGER NOT NULL, submissions INTEGER NOT NULL,
    accepted INTEGER NOT NULL, zero_scores INTEGER NOT NULL, not_scored INTEGER NOT NULL,
    PRIMARY KEY (day, validator, kind, route)
) STRICT, WITHOUT ROWID;

CREATE TABLE time_tallies (
    day    INTEGER NOT NULL,
    hotkey INTEGER NOT NULL REFERENCES hotkeys (id),
    stage  TEXT NOT NULL,
    times  BLOB NOT NULL,  -- storage/distribution.hpp
    PRIMARY KEY (day, hotkey, stage)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tasks_made AFTER INSERT ON tasks BEGIN
    DELETE FROM day_tallies WHERE day = NEW.day;
END;
CREATE TRIGGER tasks_changed AFTER UPDATE ON tasks BEGIN
    DELETE FROM day_tallies WHERE day IN (OLD.day, NEW.day);
END;
CREATE TRIGGER tasks_gone AFTER DELETE ON tasks BEGIN
    DELETE FROM day_tallies WHERE day = OLD.day;
END;
CREATE TRIGGER attempts_made AFTER INSERT ON attempts BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = NEW.task);
END;
CREATE TRIGGER attempts_changed AFTER UPDATE ON attempts BEGIN
    DELETE FROM day_tallies WHERE day IN (SELECT day FROM tasks WHERE id IN (OLD.task, NEW.task));
END;
CREATE TRIGGER attempts_gone AFTER DELETE ON attempts BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = OLD.task);
END;
CREATE TRIGGER submissions_made AFTER INSERT ON submissions BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = NEW.task);
END;
CREATE TRIGGER submissions_changed AFTER UPDATE ON submissions BEGIN
    DELETE FROM day_tallies WHERE day IN (SELECT day FROM tasks WHERE id IN (OLD.task, NEW.task));
END;
CREATE TRIGGER submissions_gone AFTER DELETE ON submissions BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = OLD.task);
END;
CREATE TRIGGER feedback_made AFTER INSERT ON feedback BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = NEW.task);
END;
CREATE TRIGGER feedback_changed AFTER UPDATE ON feedback BEGIN
    DELETE FROM day_tallies WHERE day IN (SELECT day FROM tasks WHERE id IN (OLD.task, NEW.task));
END;
CREATE TRIGGER feedback_gone AFTER DELETE ON feedback BEGIN
    DELETE FROM day_tallies WHERE day = (SELECT day FROM tasks WHERE id = OLD.task);
END;
)sql";

// A migration stays as databases were made with it, so names stand in these as text; the journal's
// tests hold them to those of storage::name.
constexpr const char* kMigrations[] = {kFirst, kRoutes, kToldCooldowns, kPredictions, kDayTallies};

}  // namespace

std::span<const char* const> migrations() { return kMigrations; }

void migrate(SQLite::Database& database, std::span<const char* const> steps) {
    for (;;) {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        const int version = database.execAndGet("PRAGMA user_version").getInt();
        if (version >= int(steps.size())) return;
        database.exec(steps[std::size_t(version)]);
        database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
        database.exec("PRAGMA user_version = " + std::to_string(version + 1));
        transaction.commit();
    }
}

}  // namespace storage

// Questions to the database that `miner stats` answers. Reads only; works beside a running miner, on a million tasks.
#pragma once

#include "config/result.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

struct Span {
    std::int64_t last = 100;                  // newest generations; 0: all
    std::optional<Milliseconds> since, until;  // by time of the pull; with these, `last` is not applied unless it was asked for
    std::string hotkey;                        // empty: all
};

struct Counts {
    std::int64_t generations = 0;  // tasks for which an attempt was made
    std::int64_t passed_at_once = 0;
    std::int64_t sparse_first = 0;
    std::int64_t retries = 0;
    std::int64_t retry_passed = 0;
    std::int64_t retry_improved = 0;
    std::int64_t rejected = 0;
    std::int64_t errors = 0;
    std::int64_t skipped = 0;      // not among the generations
    std::int64_t submissions = 0;  // with a result
    std::int64_t accepted = 0;
    std::int64_t zero_scores = 0;
    double mean_score = 0, median_score = 0;  // of the submissions with feedback, zeros included
    double reward = 0;                        // the newest as reported, summed over validators

    // Share of generations that reached the gate; 0 when there were none.
    double success_rate() const { return generations ? double(passed_at_once + retry_passed) / double(generations) : 0; }
};

struct Group {
    std::string name;  // a validator, a kind, a day
    Counts counts;
};

struct Percentiles {
    std::string stage;
    std::int64_t count = 0;
    double p50 = 0, p90 = 0, p99 = 0;  // milliseconds, nearest rank
};

struct Statistics {
    Counts all;
    std::vector<Group> by_validator, by_kind, by_day;
    std::vector<Percentiles> stages;
};

config::Result<Statistics> statistics(Database& database, const Span& span);

// Assets whose task is not answered yet, for Artifacts::prune.
config::Result<std::vector<std::string>> unanswered_assets(Database& database);

}  // namespace storage

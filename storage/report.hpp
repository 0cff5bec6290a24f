// Questions to the database that `miner stats` answers. Reads only; works beside a running miner,
// on a million tasks.
#pragma once

#include "config/result.hpp"
#include "storage/calibration.hpp"
#include "storage/journal.hpp"
#include "storage/span.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

// A generation is a task that was decided, whatever came of it: passed_at_once + retry_passed +
// retry_improved + rejected + errors. What is still in hand, was cut off or was skipped is none.
struct Counts {
    std::int64_t generations = 0;
    std::int64_t passed_at_once = 0;
    std::int64_t sparse_first = 0;  // whose first attempt was sparse
    std::int64_t retries = 0;       // attempts beyond the first, candidates apart
    std::int64_t candidates = 0;    // attempts beyond what the gate asked for
    std::int64_t retry_passed = 0;
    std::int64_t retry_improved = 0;
    std::int64_t rejected = 0;
    std::int64_t withheld = 0;  // of these: as it would probably have been refused
    std::int64_t errors = 0;
    std::int64_t skipped = 0;  // not among the generations; pulled in the same span of time
    // Of results alone: the empty result is neither counted nor scored, whatever is answered to it.
    std::int64_t submissions = 0;  // generations whose result was sent, however often
    std::int64_t accepted = 0;     // of these, judged above zero (storage/judgement.hpp)
    std::int64_t zero_scores = 0;  // judged with zero
    std::int64_t not_scored = 0;   // answered with feedback that is no judgement
    std::optional<double> mean_score, median_score;  // of accepted and zero scores, if any
    std::optional<Milliseconds> last_accepted;       // when the newest judgement above zero came
    // As each validator told each hotkey last, in whatever answer, summed; unset: nobody told any.
    std::optional<double> reward;

    // Share of generations that reached the gate; unset when there were none.
    std::optional<double> success_rate() const {
        if (generations == 0) return std::nullopt;
        return double(passed_at_once + retry_passed) / double(generations);
    }
};

struct Group {
    std::string name;  // a validator, a hotkey of ours, a kind, a route, a day (UTC, 2026-11-30)
    Counts counts;
};

// One of our hotkeys at one validator.
struct PairGroup {
    std::string validator, hotkey;
    Counts counts;
};

// "prepare", "encode", "structure", "occupancy", "latent", "gaussians", "compress": each attempt
// that ran it; "score": each prediction; "total": from the pull (or from being begun anew) to the
// result; "submit": from the first byte to the answer.
struct Percentiles {
    std::string stage;
    std::int64_t count = 0;
    double p50 = 0, p90 = 0, p99 = 0;  // milliseconds, nearest rank
    double total = 0;                  // milliseconds of all together
};

struct Statistics {
    Counts all;
    std::vector<Group> by_validator, by_hotkey;  // most generations first
    std::vector<PairGroup> by_pair;              // likewise
    // By name. The route is that of a task's last attempt; tasks without any are in no group.
    std::vector<Group> by_kind, by_route, by_day;
    std::vector<Percentiles> stages;  // in the order above, those with a count
    // Of the newest 1,000 predicted scores within the span, whatever its `last` is.
    std::vector<PredictionGroup> predictions;
    std::optional<Milliseconds> first, newest;  // pulls of the oldest and newest task counted here
};

config::Result<Statistics> statistics(Database& database, const Span& span);

// How one of our hotkeys gets on with a validator, over all time.
struct Contact {
    std::string hotkey, validator;
    std::int64_t calls = 0, failures = 0;
    std::optional<Milliseconds> last_call, last_failure;
    std::string last_error;           // of the last failure; a peer's words may be in it
    std::int64_t cooldown_until = 0;  // Unix seconds, as a pull or an answer told last; 0: none
    // When that was told, and how long it was then; empty: not known.
    std::optional<Milliseconds> told_at;
    Milliseconds wait = 0;
    bool unsettled = false;  // a submission went out of which nobody knows whether it was taken
};

// Of every validator that was ever called or told a cool-down, latest call first; hotkey empty: of
// all.
config::Result<std::vector<Contact>> contacts(Database& database, const std::string& hotkey);

// Assets whose task is not answered yet, for Artifacts::prune.
config::Result<std::vector<std::string>> unanswered_assets(Database& database);

}  // namespace storage

// Counting generations: one by one, and sums of what was counted. Pure: no SQL, no clock.
#pragma once

#include "storage/distribution.hpp"
#include "storage/report.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace storage {

// What is known of one decided task; up to a million of them are held at once.
struct Decided {
    TaskRow row = 0;
    Milliseconds pulled_at = 0;
    std::int64_t validator = 0;  // its row: one hotkey at one validator
    std::int16_t kind = 0;
    std::int16_t route = -1;  // of the last attempt; -1: none
    std::int32_t last_attempt = 0;
    Outcome outcome = Outcome::none;
    std::int32_t retries = 0;
    std::int32_t candidates = 0;
    bool withheld = false;
    bool sparse_first = false;
    bool submitted = false;  // a result, not the empty one
    bool feedback = false;   // on a result
    // Of the newest judgement.
    bool scored = false;
    double score = 0;
    Milliseconds scored_at = 0;
    // Of the newest answer that told it, be it to the empty result.
    bool rewarded = false;
    double reward = 0;
    Milliseconds rewarded_at = 0;
};

// As a validator told it with the answer to a task.
struct Reward {
    Milliseconds at = 0;
    TaskRow task = 0;
    double value = 0;

    bool is_newer_than(const Reward& other) const {
        return at != other.at ? at > other.at : task > other.task;
    }
};

struct Tally {
    Counts counts;  // but for means, median and reward, which come from what follows
    double score_sum = 0;
    Distribution scores;
    std::map<std::int64_t, Reward> rewards;     // newest of each validator row
    std::optional<Milliseconds> first, newest;  // pulls

    void add(const Decided& task);
    void add(const Tally& other);
    void add(std::int64_t validator, const Reward& reward);

    // With means, median and reward.
    Counts all() const;
};

// Medians and percentiles are of rounded values: storage/distribution.hpp.
Percentiles percentiles(std::string stage, const Distribution& times);

// "2026-11-30", UTC.
std::string day_name(std::int64_t days_since_1970);

// The day of a moment, since 1970, UTC.
std::int64_t day_of(Milliseconds at);
inline constexpr Milliseconds kDayLength = 86'400'000;

}  // namespace storage

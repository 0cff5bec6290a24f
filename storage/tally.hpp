// Counting generations one by one. Pure: no SQL, no clock.
#pragma once

#include "storage/report.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace storage {

// What is known of one decided task; a million of them are held at once.
struct Decided {
    TaskRow row = 0;
    std::int64_t validator = 0;  // its row: one hotkey at one validator
    std::int32_t day = 0;        // of the pull, since 1970
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

class Tally {
public:
    void add(const Decided& task);
    Counts counts();  // sorts what it has kept; call it once, at the end

private:
    struct Reward {
        Milliseconds at = 0;
        double value = 0;
    };

    void add_feedback(const Decided& task);
    void add_reward(const Decided& task);

    Counts counts_;
    std::vector<double> scores_;
    std::unordered_map<std::int64_t, Reward> rewards_;  // newest of each validator row
};

// Nearest rank: the smallest value that at least `share` of the values do not exceed. Reorders
// `values`; 0 for none.
double percentile(std::vector<double>& values, double share);

Percentiles percentiles(std::string stage, std::vector<double> values);

// "2026-11-30", UTC.
std::string day_name(std::int64_t days_since_1970);

}  // namespace storage

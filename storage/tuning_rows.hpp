// Decided tasks with all that was tried for them, from which `miner tune` learns. Reads only; works
// beside a running miner. Fails as Database does.
#pragma once

#include "config/result.hpp"
#include "storage/report.hpp"

#include <optional>
#include <string>
#include <vector>

namespace storage {

struct TuningRow {
    TaskRow row = 0;
    std::string kind;
    Outcome outcome = Outcome::none;
    Milliseconds pulled_at = 0;
    double threshold = 0.6;         // the validator's, with the task
    std::vector<Attempt> attempts;  // that count, by number; without times, health and errors
    int chosen = 0, withheld = 0;   // numbers of attempts; 0: none
    // Of the newest judgement of a result (storage/judgement.hpp); 0: refused.
    std::optional<double> score;

    const Attempt* attempt(int number) const {
        for (const auto& each : attempts)
            if (each.number == number) return &each;
        return nullptr;
    }
};

constexpr int kMostTuningRows = 20'000;

// Newest first, skips left out, at most kMostTuningRows of them. `span` as in statistics(), but
// that without `last` it is all.
config::Result<std::vector<TuningRow>> tuning_rows(Database& database, const Span& span);

}  // namespace storage

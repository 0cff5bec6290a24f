// What was predicted of results, beside what a validator made of them. Reads only; works beside a
// running miner. Fails as Database does.
#pragma once

#include "config/result.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/span.hpp"

#include <string>
#include <vector>

namespace storage {

// A task whose chosen or withheld attempt has a predicted score.
struct PredictedScore {
    TaskRow row = 0;
    std::string task_id, hotkey, validator, kind;
    Prediction predicted;
    double threshold = 0.6;  // the validator's, with the task
    enum class End {
        withheld,  // not sent, as it would probably be refused
        waiting,   // sent, or to be sent; nobody has judged it (yet, or at all)
        accepted,  // judged above zero
        refused,   // judged with zero: all that is known is that it was below the threshold
    };
    End end = End::waiting;
    double received = 0;  // of accepted: the score, capped at 1 by the validator
    Milliseconds at = 0;  // of the judgement; where there is none, of the result
};

constexpr int kMostPredictedScores = 10'000;

// Of the `limit` newest pulls within the span, of which `last` is not asked; newest `at` first.
config::Result<std::vector<PredictedScore>> predicted_scores(Database& database, const Span& span,
                                                             int limit = 1'000);

}  // namespace storage

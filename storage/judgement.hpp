// When what a validator said of a submission is its judgement of a result: the one rule behind
// every score that is shown, summed or averaged (ops/docs/numbers.md). SQL for storage/*.cpp.
#pragma once

namespace storage {

// Over a row of feedback. A validator whose scoring failed says 0 and has judged nothing; an answer
// without effect, or one that was no number, is kept with a score of null. Besides, the submission
// must have carried a result (submissions.bytes > 0): of the empty result the validator says 0,
// too.
inline constexpr const char* kJudged = "validation_failed = 0 AND score IS NOT NULL";

}  // namespace storage

// What was counted of whole days, kept beside the tasks, so that a million of them need not be
// counted again for each question. The schema's triggers forget a day together with any change of
// its tasks, in the same transaction, and what is not kept is counted task by task: the answer is
// the same whatever is kept. For storage/*.cpp; throws what SQLiteCpp throws.
#pragma once

#include "storage/survey.hpp"

namespace storage {

// Adds the decided tasks within the bounds to `counted`: days that are kept from there, the rest by
// survey(). Inside the caller's transaction.
void count(SQLite::Database& database, const Bounds& bounds, Counted& counted);

// Keeps the days that are over for an hour at `now` and are not kept: in transactions of some days
// each, so that a kill leaves whole ones, and nobody waits long. Two seconds for a million tasks.
void keep_days(SQLite::Database& database, Milliseconds now);

}  // namespace storage

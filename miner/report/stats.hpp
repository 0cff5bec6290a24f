// Statistics as text: a table for people, JSON and CSV for programs. Pure: the same numbers give
// the same text; whether the terminal takes colours, and how wide it is, is the caller's to say.
#pragma once

#include "storage/report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace miner {

struct TableOptions {
    bool colour = false;
    // Columns. Where there is no room for them, columns are left out, then names are shortened in
    // the middle; numbers never are.
    int width = 80;
    bool compact = false;     // for a screen: what can stand beside something else does
    std::string scores_note;  // what the scores are, where they are no validator's; empty: none
};

// Whether anything was predicted, or made in order to be: all output is without a word of it where
// nothing was.
bool predicts(const storage::Statistics& statistics);

// Sections without content are left out: clear a group of `statistics` to be spared it. Ends with a
// line break; no line ends with blanks. Peers' words are made printable, so that they cannot
// drive the terminal.
std::string render_table(const storage::Statistics& statistics, const TableOptions& options = {});

// Validators as we know them over all time; `now` (Unix milliseconds) for "3 min ago". Empty when
// there are none.
std::string render_contacts(const std::vector<storage::Contact>& contacts,
                            storage::Milliseconds now, const TableOptions& options = {});

// One object on one line, without a line break: all, by_validator, by_hotkey, by_pair, by_kind,
// by_route, by_day, stages, first, newest (Unix milliseconds of the first and the newest pull), and
// predictions where there are any.
// What there is none of is null: a mean of no scores, a rate of no generations.
std::string render_json(const storage::Statistics& statistics);

// RFC 4180, a header and a row a group: group (all, validator, hotkey, kind, route, day, stage),
// name, counts, then count and percentiles, which only stages have; where there are predictions,
// then more counts, and rows of the group prediction ("image", "image 5Validator") with columns of
// their own. What there is none of is empty.
std::string render_csv(const storage::Statistics& statistics);

}  // namespace miner

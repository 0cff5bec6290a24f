// What a rehearsal came to, as one document for programs (ops/docs/numbers.md). Pure.
#pragma once

#include "miner/rehearsal/checklist.hpp"
#include "miner/rehearsal/judge.hpp"
#include "storage/listing.hpp"

#include <optional>
#include <string>
#include <vector>

namespace miner {

struct RehearsedTask {
    std::string id, name;  // the name is the picture's, or the prompt itself
    bool prompt = false;
    JudgedBy judged_by = JudgedBy::truth;
    std::optional<storage::TaskLine> line;  // none: it was never handed out, or not recorded
};

struct RehearsalReport {
    Checklist checklist;
    storage::Statistics statistics;    // of the rehearsal's own tasks
    std::vector<RehearsedTask> tasks;  // in the order in which they were to be handed out
    std::string database;
    std::string contact_sheet;  // empty: it could not be drawn
};

// One object on one line, without a line break.
std::string render_json(const RehearsalReport& report);

}  // namespace miner

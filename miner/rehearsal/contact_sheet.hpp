// What went in and what came of it, side by side, for eyes: a cell a task, with its input (picture
// or prompt), the result as a validator renders it, and in words what the gate and the validator
// said. Pure but for the time that rendering takes; any thread.
#pragma once

#include "generator/asset.hpp"
#include "miner/rehearsal/judge.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace miner {

struct SheetCell {
    std::string name;                   // of the picture, or the prompt
    std::vector<std::uint8_t> picture;  // file that was handed out; empty: a prompt
    std::vector<std::uint8_t> spz;      // that was submitted; empty: the empty result
    storage::Outcome outcome = storage::Outcome::none;
    int attempts = 0;
    std::int64_t gaussians = -1;  // of the chosen attempt, or of the first; negative: there is none
    bool chosen = false;          // an attempt was
    std::optional<double> score;  // as the validator judged the result
    JudgedBy judged_by = JudgedBy::truth;
    std::string detail;  // of an error
};

constexpr std::size_t kMostCells = 96;

// RGB. Cells 0 to `count` - 1, of which kMostCells are drawn, are asked for one at a time, as their
// results are large; `heading` is one line above them.
generator::Image contact_sheet(std::size_t count, const std::function<SheetCell(std::size_t)>& cell,
                               const std::string& heading);

}  // namespace miner

// What went in and what came of it, side by side, for eyes: a cell a task, with its input (picture
// or prompt), the result as a validator renders it, and in words what the gate and a judge said.
// Pure but for the time that rendering takes; any thread.
#pragma once

#include "generator/asset.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace miner {

struct SheetCell {
    std::string name;                   // of the picture, or the prompt
    std::vector<std::uint8_t> picture;  // file that went in; empty: a prompt
    std::vector<std::uint8_t> spz;      // of the result, +y up; empty: there is none
    storage::Outcome outcome = storage::Outcome::none;
    int attempts = 0;
    std::int64_t gaussians = -1;  // of the chosen attempt, or of the first; negative: there is none
    bool chosen = false;          // an attempt was
    std::optional<double> score;  // of the result
    bool density_alone = false;   // the score is no more than that
    std::string detail;           // of an error
};

constexpr std::size_t kMostCells = 96;

// RGB. Cells 0 to `count` - 1, of which kMostCells are drawn, are asked for one at a time, as their
// results are large; `heading` is one line above them.
generator::Image contact_sheet(std::size_t count, const std::function<SheetCell(std::size_t)>& cell,
                               const std::string& heading);

}  // namespace miner

// The application at full speed for hours, as operators run it: one process that mines, watched on
// its page and scraped, and one that serves callers who come and go. What they hold is sampled.
#pragma once

#include "tests/endure/level.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace endure {

struct SoakFigures {
    std::map<std::string, std::vector<Sample>> curves;  // "mining", "serving"
    std::map<std::string, Levels> levels;
    std::map<std::string, double> numbers;
    std::vector<std::string> broken;  // empty: all is level
};

// Goes on until both have lasted so long and done so many tasks. Each sample is a line of `csv`, if
// there is one.
SoakFigures soak(std::chrono::milliseconds length, std::chrono::milliseconds between_samples,
                 long least_tasks, const std::filesystem::path& csv);

}  // namespace endure

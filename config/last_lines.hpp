// The newest lines of the log, in memory that is there when nothing else is: for the report of a
// crash. Lines hold no secrets, as the log holds none.
#pragma once

#include <string_view>

namespace config {

// Any thread. What is longer than a screen's width several times over is cut off.
void keep_line(std::string_view line);

// Writes them, oldest first, a line each. From a signal handler: a line that is being kept right
// now may come out torn.
void write_last_lines(int descriptor) noexcept;

}  // namespace config

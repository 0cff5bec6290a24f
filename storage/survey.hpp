// Counting from the tables that the journal writes, task by task. For storage/*.cpp; throws what
// SQLiteCpp throws.
#pragma once

#include "config/stage_times.hpp"
#include "storage/tally.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace SQLite {
class Database;
}

namespace storage {

// Tasks by the time of the pull: from `since` on, before `until`.
struct Bounds {
    Milliseconds since = std::numeric_limits<Milliseconds>::min();
    Milliseconds until = std::numeric_limits<Milliseconds>::max();
    TaskRow first = 0;    // of those pulled at `since` itself, lower rows are out
    std::string hotkeys;  // ours, apart by blanks (joined()); empty: all
};

// The stages of an attempt, then these three.
inline constexpr std::array<std::string_view, config::kStages.size() + 3> kTimed = [] {
    std::array<std::string_view, config::kStages.size() + 3> names{};
    std::size_t count = 0;
    for (const auto& stage : config::kStages) names[count++] = stage.name;
    for (const char* name : {"score", "total", "submit"}) names[count++] = name;
    return names;
}();
inline constexpr std::size_t kScoreTime = config::kStages.size(), kTotalTime = kScoreTime + 1,
                             kSubmitTime = kTotalTime + 1;

using Times = std::array<Distribution, kTimed.size()>;  // in the order of kTimed

// What was counted, as far apart as somebody may ask for it.
class Counted {
public:
    struct Pair {
        std::string validator, hotkey;
        std::int64_t hotkey_row = 0;
    };
    struct Cell {
        std::int64_t validator = 0;  // its row
        std::int16_t kind = 0, route = -1;

        auto operator<=>(const Cell&) const = default;
    };

    explicit Counted(SQLite::Database& database);  // reads who stands behind each validator's row

    std::int16_t kind(std::string_view name) { return index_in(kinds, name); }
    std::int16_t route(std::string_view name) { return index_in(routes, name); }

    // Part: a Decided, or a Tally.
    template <class Part>
    void add(const Cell& cell, std::int64_t day, const Part& part) {
        cells[cell].add(part);
        days[day].add(part);
    }

    std::unordered_map<std::int64_t, Pair> pairs;  // by row of validators
    std::vector<std::string> kinds, routes;
    std::map<Cell, Tally> cells;
    std::map<std::int64_t, Tally> days;
    std::map<std::int64_t, Times> times;  // by row of hotkeys

private:
    static std::int16_t index_in(std::vector<std::string>& names, std::string_view name);
};

// Adds the decided tasks within the bounds to `counted`.
void survey(SQLite::Database& database, const Bounds& bounds, Counted& counted);

}  // namespace storage

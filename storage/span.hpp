// Which tasks a question is about.
#pragma once

#include "storage/attempt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storage {

struct Span {
    // Newest generations; 0: all. Unset: 100, or all when `since` or `until` is given.
    std::optional<std::int64_t> last;
    std::optional<Milliseconds> since, until;  // by time of the pull; [since, until)
    std::vector<std::string> hotkeys;          // of ours; empty: all
};

// For storage/*.cpp: a condition on a row of tasks, of which ?1 and ?2 are the bounds of the time
// and ?3 is joined(span.hotkeys).
inline constexpr const char* kWithin =
    "pulled_at >= ?1 AND pulled_at < ?2"
    " AND (?3 = '' OR validator IN (SELECT v.id FROM validators v JOIN hotkeys h"
    " ON h.id = v.hotkey WHERE instr(' ' || ?3 || ' ', ' ' || h.address || ' ')))";

inline std::string joined(const std::vector<std::string>& hotkeys) {
    std::string joined;
    for (const auto& hotkey : hotkeys) joined += hotkey + ' ';
    return joined;
}

}  // namespace storage

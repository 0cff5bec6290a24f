// Rows of the table: the rehearsal.
#include "config/shapes.hpp"
#include "config/table.hpp"

namespace config {

void add_rehearse(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "rehearse.tasks",
         .field = [](Settings& s) -> Field { return &s.rehearse.tasks; },
         .doc = "Tasks that the local validators hand out, all together.",
         .unit = "tasks",
         .least = 1,
         .most = 1'000'000},
        {.name = "rehearse.hotkeys",
         .field = [](Settings& s) -> Field { return &s.rehearse.hotkeys; },
         .doc = "Hotkeys to rehearse with at once, made for the occasion.",
         .unit = "hotkeys",
         .least = 1,
         .most = 100},
        {.name = "rehearse.pictures",
         .field = [](Settings& s) -> Field { return &s.rehearse.pictures; },
         .doc = "Folder with the pictures of the tasks; empty: the embedded set.",
         .path = true},
        {.name = "rehearse.faults",
         .field = [](Settings& s) -> Field { return &s.rehearse.faults; },
         .doc = "Faults that the local validators bring: they never answer, close at once, send garbage, drip, or "
                "close before the answer is whole (timeout, refuse, garbage, slow, drop); and the local chain: the "
                "hotkeys lose their places for a while, connections are cut, no blocks come for a while, the runtime "
                "is upgraded, the validators go to other ports (deregister, disconnect, stall, upgrade, move).",
         .choices = {"timeout", "refuse", "garbage", "slow", "drop", "deregister", "disconnect",
                     "stall", "upgrade", "move"}},
        {.name = "rehearse.time_scale",
         .field = [](Settings& s) -> Field { return &s.rehearse.time_scale; },
         .doc = "Cool-downs, throttle and validation lock are real durations times this; 1: as long as on mainnet.",
         .least = 1e-6,
         .most = 1},
        {.name = "rehearse.text_share",
         .field = [](Settings& s) -> Field { return &s.rehearse.text_share; },
         .doc = "Share of tasks that are prompts instead of pictures; 0.8 is validators' own. "
                "Unless set, a folder in rehearse.pictures makes it 0.",
         .least = 0,
         .most = 1},
        {.name = "rehearse.seed",
         .field = [](Settings& s) -> Field { return &s.rehearse.seed; },
         .doc = "Seed of the generation, unless generator.seed is set. "
                "Tasks and faults come in a fixed order: the same rehearsal again.",
         .least = 0,
         .most = kLargestSeed},
    });
    // clang-format on
}

}  // namespace config

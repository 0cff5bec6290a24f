// Rows of the table: what is kept, told and shown.
#include "config/shapes.hpp"
#include "config/table.hpp"

namespace config {

void add_storage(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "storage.path",
         .field = [](Settings& s) -> Field { return &s.storage.path; },
         .doc = "Folder of database, results and log; empty: $XDG_DATA_HOME/miner, or ~/.local/share/miner.",
         .path = true},
        {.name = "storage.keep_days",
         .field = [](Settings& s) -> Field { return &s.storage.keep_days; },
         .doc = "Results older than this are deleted; the database keeps their history.",
         .unit = "days",
         .least = 1,
         .most = 36'500},
        {.name = "storage.keep_gb",
         .field = [](Settings& s) -> Field { return &s.storage.keep_gb; },
         .doc = "When all results take more than this, the oldest are deleted.",
         .unit = "GB",
         .least = 0.1,
         .most = 1e6},
        {.name = "weights.path",
         .field = [](Settings& s) -> Field { return &s.weights.path; },
         .doc = "Folder of fetched checkpoints, each in a folder of its name; empty: models in the storage folder.",
         .path = true},
        {.name = "weights.endpoint",
         .field = [](Settings& s) -> Field { return &s.weights.endpoint; },
         .doc = "Hub to fetch checkpoints from, or a mirror of it.",
         .variables = {"HF_ENDPOINT"},
         .shape = &kHttpShape},
        {.name = "weights.token_file",
         .field = [](Settings& s) -> Field { return &s.weights.token_file; },
         .doc = "File whose first line is a token for the hub; empty: $HF_TOKEN, or none.",
         .path = true},
        {.name = "weights.connections",
         .field = [](Settings& s) -> Field { return &s.weights.connections; },
         .doc = "Parts of a file that are fetched at a time.",
         .least = 1,
         .most = 32},
        {.name = "weights.offline",
         .field = [](Settings& s) -> Field { return &s.weights.offline; },
         .doc = "Forbids `miner weights` the network: fetching fails, the rest works.",
         .variables = {"HF_HUB_OFFLINE"}},
        {.name = "log.level",
         .field = [](Settings& s) -> Field { return &s.log.level; },
         .doc = "How much is logged; each level has all that follow it in the list.",
         .choices = {"trace", "debug", "info", "warn", "error"}},
        {.name = "log.console",
         .field = [](Settings& s) -> Field { return &s.log.console; },
         .doc = "Logs to standard error too; rehearse and generate do so when asked to."},
        {.name = "log.file",
         .field = [](Settings& s) -> Field { return &s.log.file; },
         .doc = "Log file beside the console; auto: miner.log in the storage folder; none: no file. "
                "One that was moved away is begun anew; a pipe or device is written into.",
         .shape = &kPathShape,
         .path = true},
        {.name = "log.json",
         .field = [](Settings& s) -> Field { return &s.log.json; },
         .doc = "Logs one JSON object a line, for programs."},
        {.name = "log.max_mb",
         .field = [](Settings& s) -> Field { return &s.log.max_mb; },
         .doc = "A log file that has grown to this is put aside and a new one begun.",
         .unit = "MB",
         .least = 1,
         .most = 10'000},
        {.name = "log.files",
         .field = [](Settings& s) -> Field { return &s.log.files; },
         .doc = "Log files put aside that are kept: miner.1.log is the newest.",
         .unit = "files",
         .least = 1,
         .most = 1'000},
    });
    // clang-format on
}

void add_http(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "http.listen",
         .field = [](Settings& s) -> Field { return &s.http.listen; },
         .doc = "Where the status page, /metrics and the interface for programs are served; empty: nowhere. "
                "Beyond this machine only with http.token or http.signed.",
         .shape = &kListenShape},
        {.name = "http.token",
         .field = [](Settings& s) -> Field { return &s.http.token; },
         .doc = "What callers must show, as a bearer token or as the password of a browser's log-in; "
                "health is told to everyone. "
                "Better from MINER_HTTP_TOKEN than from a flag, which others on this machine can read.",
         .shape = &kTokenShape,
         .secret = true},
        {.name = "http.signed",
         .field = [](Settings& s) -> Field { return &s.http.signed_; },
         .doc = "Callers who sign with a hotkey (btauth/1, or the older dendrite headers) in place of http.token; "
                "then none goes without one of both. listed: hotkeys of http.allow; validators: these, and for "
                "/generate whoever has a validator's permit and http.min_stake on the subnet, by the chain; "
                "anyone: for /generate whoever signs. "
                "They sign for the hotkey of wallet.hotkey, which needs no secret.",
         .choices = {"none", "listed", "validators", "anyone"}},
        {.name = "http.allow",
         .field = [](Settings& s) -> Field { return &s.http.allow; },
         .doc = "Hotkeys whose signature opens everything, whatever their stake.",
         .shape = &kHotkeyShape},
        {.name = "http.deny",
         .field = [](Settings& s) -> Field { return &s.http.deny; },
         .doc = "Hotkeys whose signature opens nothing; beats http.allow.",
         .shape = &kHotkeyShape},
        {.name = "http.min_stake",
         .field = [](Settings& s) -> Field { return &s.http.min_stake; },
         .doc = "Validators with less stake on the subnet are not served by their signature.",
         .unit = "TAO",
         .least = 0,
         .most = 1e9},
        {.name = "http.queue",
         .field = [](Settings& s) -> Field { return &s.http.queue; },
         .doc = "Calls of /generate that may wait behind the one at hand; more are refused.",
         .unit = "calls",
         .least = 0,
         .most = 1'000},
        {.name = "http.deadline",
         .field = [](Settings& s) -> Field { return &s.http.deadline; },
         .doc = "A call of /generate is given up after so long, waiting included; "
                "0: after 30 s, as the subnet gives its miners, or, on a CPU or with generator.remote "
                "alone, after generator.deadline.",
         .unit = "s",
         .least = 0,
         .most = 3'600},
        {.name = "run.grace",
         .field = [](Settings& s) -> Field { return &s.run.grace; },
         .doc = "When asked to stop, the task at hand may take so long to finish.",
         .unit = "s",
         .least = 0,
         .most = 3'600},
    });
    // clang-format on
}

}  // namespace config

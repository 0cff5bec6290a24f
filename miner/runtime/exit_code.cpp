#include "miner/runtime/exit_code.hpp"

#include <array>

namespace miner {

std::span<const ExitCodeName> exit_codes() {
    static constexpr std::array<ExitCodeName, 12> kCodes{{
        {ExitCode::ok, "all is well"},
        {ExitCode::no_go,
         "no-go by the rehearsal or by check; generate, or a batch for some, had nothing to write, "
         "or failed at it"},
        {ExitCode::usage, "wrong flags or settings; all that is wrong was listed"},
        {ExitCode::bad_input, "a picture or splat file cannot be read or understood"},
        {ExitCode::unavailable,
         "the chain or the network cannot be reached, or http.listen is taken or not there yet; "
         "restart"},
        {ExitCode::internal, "a bug; restart, and please report it"},
        {ExitCode::another_instance, "another miner uses the storage folder, or the batch's"},
        {ExitCode::storage,
         "database, results or log cannot be read or written, or a disk fails under settings, "
         "hotkey or model; restart"},
        {ExitCode::device_lost,
         "the GPU is lost, does not answer yet, or others hold its memory; restart"},
        {ExitCode::model, "the model cannot be loaded, or not on this device"},
        {ExitCode::key_file, "the hotkey is missing, locked, damaged or no hotkey"},
        {ExitCode::interrupted,
         "stopped at once: by a second signal, or by the first where nothing was at hand; a batch: "
         "before "
         "all was made"},
    }};
    return kCodes;
}

}  // namespace miner

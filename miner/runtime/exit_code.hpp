// How the process ends, in one place: scripts and service units decide by these numbers. 64 and
// above follow sysexits.h where it has a word for the case. A service should restart after 69, 70,
// 74 and 75, and not after the others: without a person they would end the same way again.
#pragma once

#include <span>
#include <string_view>

namespace miner {

enum class ExitCode : int {
    ok = 0,
    no_go = 1,         // the rehearsal or check said no-go; generate or batch had nothing to write,
                       // or failed at it
    usage = 2,         // wrong flags or settings; all faults were listed
    bad_input = 65,    // a picture or splat file that cannot be read or understood
    unavailable = 69,  // the chain or the network cannot be reached, or the address to listen on is
                       // not there or taken
    internal = 70,     // a bug of ours
    another_instance = 73,  // the storage folder is in use by another miner
    storage = 74,           // the database, the assets or the log cannot be read or written, or the
                            // settings, the hotkey or the model cannot be read just now
    device_lost = 75,   // the GPU is gone for this process, not there yet, or full of what others
                        // hold; a restart gets it
    model = 76,         // the model cannot be loaded: missing, misshapen, too large for the device,
                        // or for a device that cannot be used
    key_file = 77,      // the hotkey is missing, locked, damaged or no hotkey
    interrupted = 130,  // a second Ctrl-C or SIGTERM stopped it at once; a command that keeps
                        // nothing, the first; a batch, before all was made
};

struct ExitCodeName {
    ExitCode code;
    std::string_view meaning;
};

// All of them, for the help and the documentation.
std::span<const ExitCodeName> exit_codes();

}  // namespace miner

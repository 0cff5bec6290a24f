// What a process leaves that ends by a fault: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, or
// SIGABRT (an assertion, an exception that nobody caught).
#pragma once

#include <filesystem>

namespace miner {

// From here on such an end leaves FOLDER/crash-SECONDS-PID.txt, for the owner's eyes alone: version
// and commit, the signal, the thread and its stack as addresses in programs and libraries (for
// addr2line), the newest lines of the log. Then the signal does what it does without: the process
// ends by it, and the service manager starts another. Of earlier reports the newest few stay. The
// folder need not be there yet. The thread that faults first writes it; others that do meanwhile
// wait, for a minute at most. A stack that has run over leaves a report on the main thread alone.
void report_crashes(const std::filesystem::path& folder);

}  // namespace miner

// OpenMP's threads and those of other processes on the same cores.
#pragma once

namespace miner {

// OpenMP's threads spin for milliseconds after each piece of work before they sleep, and take the
// cores from whoever else has work: several processes on the same cores then take a multiple of the
// time. The library reads the variables that say otherwise when it is loaded, before main(), so the
// program is started once more in its own place (execve: process number, files and arguments stay)
// with OMP_WAIT_POLICY=passive. Returns when that is set already, when the user has said something
// else (OMP_WAIT_POLICY, GOMP_SPINCOUNT), and when it cannot be done. Before other threads start.
void let_idle_threads_sleep(char** arguments);

}  // namespace miner

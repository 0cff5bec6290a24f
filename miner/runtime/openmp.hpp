// OpenMP's threads and those of other processes on the same cores.
#pragma once

namespace miner {

// OpenMP's threads spin for milliseconds after each piece of work before they sleep, and take the
// cores from whoever else has work: several processes on the same cores then take a multiple of the
// time. Sets OMP_WAIT_POLICY=passive unless the user has said something (OMP_WAIT_POLICY,
// GOMP_SPINCOUNT). The library reads these variables when it is loaded, which it is with the
// networks: call this before, and before other threads start.
void let_idle_threads_sleep();

}  // namespace miner

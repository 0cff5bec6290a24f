#include "miner/runtime/openmp.hpp"

#include <cstdlib>

namespace miner {

void let_idle_threads_sleep() {
    if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT")) return;
    ::setenv("OMP_WAIT_POLICY", "passive", 1);
}

}  // namespace miner

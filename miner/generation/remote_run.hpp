// One request at the miners behind an address of generator.remote. Lives on io.
#pragma once

#include "miner/generation/backend.hpp"
#include "miner/generation/remote_backend.hpp"

#include <memory>

namespace miner {

// Lanes and backend outlive it.
std::unique_ptr<GenerationRun> make_remote_run(Lanes& lanes, RemoteBackend& backend,
                                               GenerationRun::Input input);

}  // namespace miner

// What goes to another miner's /generate; what comes back: miner/generation/remote_answer.hpp. Any
// thread.
#pragma once

#include "miner/generation/backend.hpp"
#include "network/http/message.hpp"

#include <cstdint>

namespace miner {

// The call of /generate for one attempt, our generation config beside the request, which is one
// picture or a prompt; host and port are left open.
network::HttpRequest remote_request(const GenerationRequest& request,
                                    const GenerationConfig& generation_config,
                                    storage::EnhancementChain chain, std::uint64_t seed,
                                    std::int64_t min_gaussians);

}  // namespace miner

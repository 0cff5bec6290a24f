// What goes to another miner's /generate and what comes back, as plain values. Any thread.
#pragma once

#include "config/result.hpp"
#include "miner/generation/backend.hpp"
#include "network/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace miner {

constexpr std::int64_t kLargestRemoteResult = 200LL << 20;  // as the subnet's later season has it

// The call of /generate for one attempt, our generation config beside the request, which is one
// picture or a prompt; host and port are left open.
network::HttpRequest remote_request(const GenerationRequest& request,
                                    const GenerationConfig& generation_config,
                                    storage::EnhancementChain chain, std::uint64_t seed,
                                    std::int64_t min_gaussians);

// How many Gaussians it says there are; nothing when it says none that can be.
std::optional<std::int64_t> gaussians_told(const network::HttpAnswer& answer);

// Its status and, if it has some, its own words, made harmless: "503: loading".
std::string refusal_words(const network::HttpAnswer& answer);

// How long it says that nothing shall be asked of it; 5 s where it does not say. From 1 s to 5 min.
std::chrono::seconds retry_after(const network::HttpAnswer& answer);

// A PLY in TRELLIS's own convention. Fails with generator::Errc::bad_splats.
config::Result<generator::Splats> remote_splats(const std::string& body);

}  // namespace miner

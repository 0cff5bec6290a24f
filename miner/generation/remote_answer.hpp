// What is read of another miner's answer to /generate, which is not trusted. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "generator/asset.hpp"
#include "network/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace miner {

constexpr std::int64_t kLargestRemoteResult = 200LL << 20;  // as the subnet's later season has it

// How many Gaussians it says there are; nothing when it says none that can be.
std::optional<std::int64_t> gaussians_told(const network::HttpAnswer& answer);

// Its status and, if it has some, its own words, made harmless: "503: loading".
std::string refusal_words(const network::HttpAnswer& answer);

// How long it says that nothing shall be asked of it; 5 s where it does not say. From 1 s to 5 min.
std::chrono::seconds retry_after(const network::HttpAnswer& answer);

// A PLY in TRELLIS's own convention. Fails with generator::Errc::bad_splats.
config::Result<generator::Splats> remote_splats(const std::string& body);

}  // namespace miner

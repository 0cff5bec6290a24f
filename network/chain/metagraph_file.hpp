// A metagraph as bytes, for the next start: what the chain said last, so that mining does not wait
// for it. A format of our own (ops/docs/chain.md). Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/metagraph.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace network {

// `network` is where it comes from ("finney", or a URL): a subnet of another chain has the same
// number.
std::vector<std::uint8_t> pack_metagraph(const Metagraph& metagraph, std::string_view network);

// Empty when it is of another version, network or subnet, or has other rules about private
// addresses. Fails with malformed, saying what is wrong, when it is broken.
config::Result<std::optional<Metagraph>> unpack_metagraph(std::span<const std::uint8_t> bytes,
                                                          std::string_view network,
                                                          std::uint16_t netuid, bool allow_private);

}  // namespace network

// The metagraph from the chain's storage maps, for nodes whose runtime does not describe its
// functions: metadata of version 14, or functions that answer with plain bytes. On the executor of
// `chain`.
#pragma once

#include "network/chain/subtensor.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>

namespace network {

// As Subtensor::metagraph(), but only neurons with a permit have a stake: nobody else's matters,
// and each takes several questions. Fails with not_in_runtime when the runtime lacks one of the
// maps.
boost::asio::awaitable<config::Result<Metagraph>> read_stored_metagraph(Subtensor& chain,
                                                                        ChainView view,
                                                                        std::uint16_t netuid,
                                                                        bool allow_private);

}  // namespace network

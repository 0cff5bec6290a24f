#include "network/wallet/secret.hpp"

#include <sodium.h>

namespace network {

void wipe(void* data, std::size_t bytes) { sodium_memzero(data, bytes); }

}  // namespace network

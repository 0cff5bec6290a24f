#include "network/wallet/sodium.hpp"

#include <sodium.h>

#include <cstdlib>

namespace network {

void ready_sodium() {
    static const bool ready = sodium_init() >= 0;
    if (!ready) std::abort();
}

}  // namespace network

#include "network/wallet/secret.hpp"

#include "network/wallet/sodium.hpp"

#include <sodium.h>

#include <atomic>
#include <new>

namespace network {
namespace {

std::atomic<bool> all_locked = true;

}  // namespace

LockedBytes locked_bytes(std::size_t count) {
    ready_sodium();
    auto* bytes = static_cast<std::uint8_t*>(sodium_malloc(count));  // which does not say whether
    if (!bytes) throw std::bad_alloc();
    if (sodium_mlock(bytes, count) != 0) all_locked = false;
    return {bytes, sodium_free};
}

bool all_bytes_locked() { return all_locked; }

void wipe(void* data, std::size_t bytes) { sodium_memzero(data, bytes); }

}  // namespace network

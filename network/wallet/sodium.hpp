// libsodium, ready to use. Any thread.
#pragma once

namespace network {

// Picks libsodium's random source and implementations, once per process; to be called before its
// other functions. Aborts when the system has no random numbers: nothing can be signed then.
void ready_sodium();

}  // namespace network

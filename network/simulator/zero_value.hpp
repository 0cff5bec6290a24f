// The emptiest value of a type: zeros, empty lists, None. A stand-in for fields that nobody asks
// for, however many a runtime has. Pure; any thread.
#pragma once

#include "network/chain/registry.hpp"
#include "network/chain/value.hpp"

namespace network {

// `type` must be one that has such a value: an enum of fieldless first case, no type that contains
// itself without a list between.
Value zero_value(const Registry& types, TypeId type);

}  // namespace network

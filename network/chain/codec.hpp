// Bytes to values and back, by the chain's own description of the type. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/registry.hpp"
#include "network/chain/value.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace network {

// What untrusted bytes may make of our memory and stack. A value takes some 60 bytes.
struct DecodeLimits {
    std::size_t depth = 64;
    std::size_t values = 4'000'000;  // enough for 65,535 neurons
};

// The value that `bytes` are, all of them. Fails with malformed, naming field and offset. The
// value's names are views of `registry`. `type` must be below registry.size().
config::Result<Value> decode(const Registry& registry, TypeId type,
                             std::span<const std::uint8_t> bytes, DecodeLimits limits = {});

// The bytes of `value`. Fails with malformed when it does not fit the type: another kind, an
// integer that is too large, a field that is missing, unknown or given twice.
config::Result<std::vector<std::uint8_t>> encode(const Registry& registry, TypeId type,
                                                 const Value& value);

// The same for a list of fields, as enum cases and calls have: by name from a record or variant, by
// position from a list.
config::Result<std::vector<std::uint8_t>> encode_fields(const Registry& registry,
                                                        const std::vector<TypeField>& fields,
                                                        const Value& values);

}  // namespace network

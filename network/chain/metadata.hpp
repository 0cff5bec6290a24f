// The runtime's description of itself: types, storage, calls, runtime APIs. Everything that is read
// from or written to the chain is encoded by it. Immutable once parsed; any thread. A runtime
// upgrade makes another one.
// Source: paritytech/frame-metadata, v14.rs and v15.rs.
#pragma once

#include "config/result.hpp"
#include "network/chain/hasher.hpp"
#include "network/chain/registry.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace network {

struct StorageItem {
    enum class Modifier : std::uint8_t { optional, with_default, required };

    std::string name;
    Modifier modifier = Modifier::optional;
    std::vector<Hasher> hashers;  // one an argument; none for a single value
    TypeId key = 0;               // of the argument, or a tuple of them; only with hashers
    TypeId value = 0;
    std::vector<std::uint8_t> fallback;  // what an absent item of with_default stands for
};

struct Constant {
    std::string name;
    TypeId type = 0;
    std::vector<std::uint8_t> value;
};

struct Pallet {
    std::string name;
    std::uint8_t index = 0;
    std::string storage_prefix;
    std::vector<StorageItem> storage;
    std::optional<TypeId> calls;  // an enum, one case a call
    std::optional<TypeId> events;
    std::optional<TypeId> errors;
    std::vector<Constant> constants;
};

struct SignedExtension {
    std::string name;
    TypeId extra = 0;       // goes into the extrinsic and under the signature
    TypeId additional = 0;  // goes under the signature only
};

struct ExtrinsicFormat {
    std::uint8_t version = 0;
    // In V14 these three come from the parameters of the extrinsic's type.
    TypeId address = 0;
    TypeId call = 0;
    TypeId signature = 0;
    std::vector<SignedExtension> signed_extensions;
};

struct RuntimeMethod {
    std::string name;  // as state_call has it: "NeuronInfoRuntimeApi_get_neurons_lite"
    std::vector<TypeField> inputs;
    TypeId output = 0;
};

struct Metadata {
    std::uint8_t version = 0;  // 14 or 15
    Registry types;
    std::vector<Pallet> pallets;
    ExtrinsicFormat extrinsic;
    std::vector<RuntimeMethod> methods;  // empty in V14, which does not describe them

    // The answer of state_getMetadata, or of state_call Metadata_metadata_at_version with its
    // wrapping (an Option of bytes). Fails with malformed, also for other versions, for bytes left
    // over, for more than 4 MiB, and for two pallets, storage items of one pallet or methods of one
    // name.
    static config::Result<Metadata> parse(std::span<const std::uint8_t> bytes);

    // nullptr when this runtime has none of that name.
    const Pallet* pallet(std::string_view name) const;
    const StorageItem* storage(std::string_view pallet, std::string_view item) const;
    const RuntimeMethod* method(std::string_view name) const;
};

}  // namespace network

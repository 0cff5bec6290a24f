// The chain's types, from its metadata. Immutable; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/type.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace network {

class Registry {
public:
    Registry() = default;

    // Fails with malformed when a type names one that is not there. Types that contain themselves,
    // or that no value can have, are fine: whoever meets such a value fails then.
    static config::Result<Registry> make(std::vector<Type> types);

    // `id` must be below size(); every id inside a registry's types is.
    const Type& operator[](TypeId id) const { return types_[id]; }
    std::size_t size() const { return types_.size(); }

    // No value of the type takes fewer bytes than this.
    std::size_t least_bytes(TypeId id) const { return least_bytes_[id]; }
    // Through structs and tuples of one unnamed field to what they wrap: AccountId32 -> [u8; 32].
    // At most 16 steps, for the sake of types that wrap themselves.
    TypeId unwrapped(TypeId id) const { return unwrapped_[id]; }
    // How many bytes u8 to u128 have; empty for every other type. Looks through wrappers.
    std::optional<std::size_t> unsigned_bytes(TypeId id) const;
    bool is_u8(TypeId id) const { return unsigned_bytes(id) == 1; }

    // The first type whose path ends in `name`.
    std::optional<TypeId> find(std::string_view name) const;

private:
    std::vector<Type> types_;
    std::vector<std::size_t> least_bytes_;
    std::vector<TypeId> unwrapped_;
};

}  // namespace network

// Where a storage item lies, and what lies there, as the metadata says. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "network/chain/metadata.hpp"
#include "network/chain/value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace network {

// twox128(pallet's prefix) || twox128(item) || each argument, encoded and hashed. Fewer arguments
// than the item has give the prefix that state_getKeysPaged walks. Fails with not_in_runtime when
// the runtime has no such item or it takes fewer arguments, with malformed when one is of another
// type.
config::Result<std::vector<std::uint8_t>> storage_key(const Metadata& metadata,
                                                      std::string_view pallet,
                                                      std::string_view item,
                                                      const std::vector<Value>& arguments);

// `bytes` as state_getStorage gives them, empty for its null: that is the default of an item that
// has one, and empty for every other. Fails with not_in_runtime or malformed.
config::Result<std::optional<Value>> storage_value(
    const Metadata& metadata, std::string_view pallet, std::string_view item,
    std::optional<std::span<const std::uint8_t>> bytes);

}  // namespace network

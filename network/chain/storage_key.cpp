#include "network/chain/storage_key.hpp"

#include "network/chain/codec.hpp"
#include "network/errc.hpp"

#include <fmt/format.h>

namespace network {
namespace {

void append(std::vector<std::uint8_t>& key, const std::vector<std::uint8_t>& part) {
    key.insert(key.end(), part.begin(), part.end());
}

std::vector<std::uint8_t> hashed_name(std::string_view name) {
    return hashed(Hasher::twox_128,
                  std::span(reinterpret_cast<const std::uint8_t*>(name.data()), name.size()));
}

config::Error unknown(std::string_view pallet, std::string_view item) {
    return config::fail(Errc::not_in_runtime, fmt::format("storage {}.{}", pallet, item));
}

// The types of an item's arguments; empty when the metadata contradicts itself.
std::optional<std::vector<TypeId>> argument_types(const Registry& types, const StorageItem& item) {
    if (item.hashers.size() == 1) return std::vector<TypeId>{item.key};
    if (item.hashers.empty()) return std::vector<TypeId>{};
    const auto* tuple = std::get_if<TupleType>(&types[item.key].definition);
    if (!tuple || tuple->elements.size() != item.hashers.size()) return std::nullopt;
    return tuple->elements;
}

config::Error within(config::Error error, std::string_view pallet, std::string_view item) {
    error.detail = fmt::format("{}.{}: {}", pallet, item, error.detail);
    return error;
}

}  // namespace

config::Result<std::vector<std::uint8_t>> storage_key(const Metadata& metadata,
                                                      std::string_view pallet,
                                                      std::string_view item,
                                                      const std::vector<Value>& arguments) {
    const StorageItem* entry = metadata.storage(pallet, item);
    if (!entry) return unknown(pallet, item);
    const auto types = argument_types(metadata.types, *entry);
    if (!types) return within(config::fail(Errc::malformed, "key and hashers"), pallet, item);
    if (arguments.size() > types->size()) {
        return config::fail(Errc::not_in_runtime, fmt::format("storage {}.{} with {} arguments",
                                                              pallet, item, arguments.size()));
    }
    auto key = hashed_name(metadata.pallet(pallet)->storage_prefix);
    append(key, hashed_name(item));
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto argument = encode(metadata.types, (*types)[i], arguments[i]);
        if (!argument) return within(argument.error(), pallet, item);
        append(key, hashed(entry->hashers[i], *argument));
    }
    return key;
}

config::Result<std::optional<Value>> storage_value(
    const Metadata& metadata, std::string_view pallet, std::string_view item,
    std::optional<std::span<const std::uint8_t>> bytes) {
    const StorageItem* entry = metadata.storage(pallet, item);
    if (!entry) return unknown(pallet, item);
    if (!bytes) {
        if (entry->modifier != StorageItem::Modifier::with_default) return std::optional<Value>();
        bytes = entry->fallback;
    }
    auto value = decode(metadata.types, entry->value, *bytes);
    if (!value) return within(value.error(), pallet, item);
    return std::optional<Value>(*std::move(value));
}

}  // namespace network

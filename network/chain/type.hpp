// A type as the chain's own metadata describes it: the registry is a table of these, and they name
// one another by index. Plain data.
// Source: paritytech/scale-info, PortableRegistry; frame-metadata versions 14 and 15 share it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace network {

using TypeId = std::uint32_t;

// In the order of their numbers in the metadata.
enum class Primitive : std::uint8_t {
    boolean,
    character,
    text,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
};

struct TypeField {
    std::string name;  // empty: by position
    TypeId type = 0;
};

struct VariantCase {
    std::string name;
    std::uint8_t index = 0;
    std::vector<TypeField> fields;
};

struct CompositeType {
    std::vector<TypeField> fields;
};
struct VariantType {
    std::vector<VariantCase> cases;
};
struct SequenceType {
    TypeId element = 0;
};
struct ArrayType {
    std::uint32_t length = 0;
    TypeId element = 0;
};
struct TupleType {
    std::vector<TypeId> elements;
};
struct CompactType {
    TypeId inner = 0;
};
struct BitsType {
    TypeId store = 0;
    TypeId order = 0;
};

struct TypeParameter {
    std::string name;
    std::optional<TypeId> type;
};

struct Type {
    std::vector<std::string> path;  // "sp_core", "crypto", "AccountId32"; empty for built-in ones
    std::vector<TypeParameter> parameters;
    std::variant<CompositeType, VariantType, SequenceType, ArrayType, TupleType, Primitive,
                 CompactType, BitsType>
        definition;
};

}  // namespace network

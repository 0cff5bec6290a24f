// A value of a type that only the chain knows: what the decoder makes and the encoder takes. Fields
// are found by name, so that a runtime that gains some changes nothing for those who ask for
// others. Accessors give nothing, rather than fail, when the value is of another kind.
//
// How types become values:
//   structs and enum cases with names      Record, Variant with names
//   tuples, structs without names, lists   List
//   lists of whole numbers up to 64 bits   Numbers: chains have hundreds of thousands of them
//   structs of one unnamed field           what they wrap, as for a Compact
//   [u8; N], Vec<u8>, u256, i256           Bytes
//   Option                                 Variant "None" or "Some"
#pragma once

#include "network/chain/scale.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace network {

class Value {
public:
    struct Field;
    using List = std::vector<Value>;
    using Record = std::vector<Field>;
    using Bytes = std::vector<std::uint8_t>;
    using Bits = std::vector<bool>;
    using Numbers = std::vector<std::uint64_t>;
    // Names are views: of the registry that decoded the value, which must outlive it, or of
    // literals.
    struct Variant {
        std::string_view name;
        Record fields;  // names empty where fields go by position
    };

    Value();  // an empty list: the value of ()
    Value(bool value);
    template <std::unsigned_integral T>
    Value(T value);
    template <std::signed_integral T>
    Value(T value);
    Value(Uint128 value);
    Value(Int128 value);
    Value(std::string text);
    Value(const char*) = delete;  // would be a bool
    Value(Bytes bytes);
    Value(Bits bits);
    Value(Numbers numbers);
    Value(List list);
    Value(Record record);
    Value(Variant variant);

    static Value none();
    static Value some(Value inner);

    // An integer of either sign that the type asked for can hold.
    std::optional<std::uint64_t> u64() const;
    std::optional<Uint128> u128() const;
    std::optional<Int128> i128() const;
    std::optional<bool> boolean() const;
    const std::string* text() const { return std::get_if<std::string>(&held_); }
    const Bytes* bytes() const { return std::get_if<Bytes>(&held_); }
    const Bits* bits() const { return std::get_if<Bits>(&held_); }
    const Numbers* numbers() const { return std::get_if<Numbers>(&held_); }
    const List* list() const { return std::get_if<List>(&held_); }
    const Record* record() const { return std::get_if<Record>(&held_); }
    const Variant* variant() const { return std::get_if<Variant>(&held_); }

    // The field of a record or variant; nullptr when there is none.
    const Value* find(std::string_view name) const;
    // What is in a "Some"; nullptr for "None" and everything else.
    const Value* some() const;

    bool operator==(const Value& other) const = default;

private:
    // Halves, because a member of 128 bits would align every value to 16 bytes.
    struct Unsigned {
        std::uint64_t low, high;
        bool operator==(const Unsigned&) const = default;
    };
    struct Signed {
        std::uint64_t low, high;  // two's complement
        bool operator==(const Signed&) const = default;
    };

    std::variant<List, bool, Unsigned, Signed, std::string, Bytes, Bits, Numbers, Record, Variant>
        held_;
};

struct Value::Field {
    std::string_view name;
    Value value;
    bool operator==(const Field&) const = default;
};

// Here, as clang wants to know a Field before it makes a variant of fields.
inline Value::Value() = default;
inline Value::Value(bool value) : held_(value) {}
template <std::unsigned_integral T>
Value::Value(T value) : held_(Unsigned{value, 0}) {}
template <std::signed_integral T>
Value::Value(T value) : Value(Int128(value)) {}
inline Value::Value(Uint128 value)
    : held_(Unsigned{std::uint64_t(value), std::uint64_t(value >> 64)}) {}
inline Value::Value(Int128 value)
    : held_(Signed{std::uint64_t(value), std::uint64_t(Uint128(value) >> 64)}) {}
inline Value::Value(std::string text) : held_(std::move(text)) {}
inline Value::Value(Bytes bytes) : held_(std::move(bytes)) {}
inline Value::Value(Bits bits) : held_(std::move(bits)) {}
inline Value::Value(Numbers numbers) : held_(std::move(numbers)) {}
inline Value::Value(List list) : held_(std::move(list)) {}
inline Value::Value(Record record) : held_(std::move(record)) {}
inline Value::Value(Variant variant) : held_(std::move(variant)) {}

inline bool operator==(const Value::Variant& left, const Value::Variant& right) {
    return left.name == right.name && left.fields == right.fields;
}

}  // namespace network

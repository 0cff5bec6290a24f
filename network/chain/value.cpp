#include "network/chain/value.hpp"

#include <limits>

namespace network {
namespace {

constexpr Uint128 join(std::uint64_t low, std::uint64_t high) { return Uint128(high) << 64 | low; }

const Value* find_in(const Value::Record& fields, std::string_view name) {
    for (const Value::Field& field : fields) {
        if (field.name == name) return &field.value;
    }
    return nullptr;
}

}  // namespace

Value Value::none() { return Variant{"None", {}}; }

Value Value::some(Value inner) {
    Record fields;
    fields.push_back({"", std::move(inner)});
    return Variant{"Some", std::move(fields)};
}

std::optional<Uint128> Value::u128() const {
    if (const auto* number = std::get_if<Unsigned>(&held_)) return join(number->low, number->high);
    if (const auto* number = std::get_if<Signed>(&held_)) {
        if (Int128(join(number->low, number->high)) >= 0) return join(number->low, number->high);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Value::u64() const {
    const auto wide = u128();
    if (!wide || *wide > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return std::uint64_t(*wide);
}

std::optional<Int128> Value::i128() const {
    if (const auto* number = std::get_if<Signed>(&held_)) {
        return Int128(join(number->low, number->high));
    }
    const auto wide = u128();
    if (!wide || *wide >> 127 != 0) return std::nullopt;
    return Int128(*wide);
}

std::optional<bool> Value::boolean() const {
    const auto* held = std::get_if<bool>(&held_);
    return held ? std::optional(*held) : std::nullopt;
}

const Value* Value::find(std::string_view name) const {
    if (const Record* fields = record()) return find_in(*fields, name);
    if (const Variant* choice = variant()) return find_in(choice->fields, name);
    return nullptr;
}

const Value* Value::some() const {
    const Variant* choice = variant();
    if (!choice || choice->name != "Some" || choice->fields.size() != 1) return nullptr;
    return &choice->fields[0].value;
}

}  // namespace network

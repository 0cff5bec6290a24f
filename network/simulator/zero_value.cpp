#include "network/simulator/zero_value.hpp"

#include <variant>

namespace network {
namespace {

struct Zero {
    const Registry& types;

    Value operator()(const CompositeType& composite) const {
        Value::Record record;
        for (const auto& field : composite.fields) {
            record.push_back({field.name, zero_value(types, field.type)});
        }
        return record;
    }
    Value operator()(const VariantType& choice) const {
        Value::Record record;
        for (const auto& field : choice.cases.front().fields) {
            record.push_back({field.name, zero_value(types, field.type)});
        }
        return Value::Variant{choice.cases.front().name, std::move(record)};
    }
    Value operator()(const SequenceType& sequence) const {
        if (types.is_u8(sequence.element)) return Value::Bytes();
        const auto* compact = std::get_if<CompactType>(&types[sequence.element].definition);
        const auto bytes = types.unsigned_bytes(compact ? compact->inner : sequence.element);
        if (bytes && *bytes <= 8) return Value::Numbers();
        return Value::List();
    }
    Value operator()(const ArrayType& array) const {
        if (types.is_u8(array.element)) return Value::Bytes(array.length);
        return Value::List(array.length, zero_value(types, array.element));
    }
    Value operator()(const TupleType& tuple) const {
        Value::List list;
        for (const auto element : tuple.elements) list.push_back(zero_value(types, element));
        return list;
    }
    Value operator()(Primitive primitive) const {
        if (primitive == Primitive::boolean) return false;
        if (primitive == Primitive::text) return std::string();
        return 0u;
    }
    Value operator()(const CompactType&) const { return 0u; }
    Value operator()(const BitsType&) const { return Value::Bits(); }
};

}  // namespace

Value zero_value(const Registry& types, TypeId type) {
    return std::visit(Zero{types}, types[types.unwrapped(type)].definition);
}

}  // namespace network

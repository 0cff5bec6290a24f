#include "network/chain/registry.hpp"

#include "network/errc.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace network {
namespace {

constexpr int kDeepest = 64;       // levels looked at for the least size; below them it is 0
constexpr int kMostWrappers = 16;  // round one another
constexpr std::size_t kHuge = std::size_t(1) << 40;  // keeps sums and products from overflowing

// Calls `visit` with each type that a value of `type` contains.
template <class Visit>
void for_each_part(const Type& type, Visit visit) {
    struct {
        Visit& visit;
        void fields(const std::vector<TypeField>& all) {
            for (const TypeField& field : all) visit(field.type);
        }
        void operator()(const CompositeType& t) { fields(t.fields); }
        void operator()(const VariantType& t) {
            for (const VariantCase& choice : t.cases) fields(choice.fields);
        }
        void operator()(const SequenceType& t) { visit(t.element); }
        void operator()(const ArrayType& t) { visit(t.element); }
        void operator()(const TupleType& t) {
            std::for_each(t.elements.begin(), t.elements.end(), visit);
        }
        void operator()(const Primitive&) {}
        void operator()(const CompactType& t) { visit(t.inner); }
        void operator()(const BitsType& t) {
            visit(t.store);
            visit(t.order);
        }
    } visitor{visit};
    std::visit(visitor, type.definition);
}

std::size_t primitive_bytes(Primitive primitive) {
    switch (primitive) {
        case Primitive::boolean:
        case Primitive::text:
        case Primitive::u8:
        case Primitive::i8:
            return 1;
        case Primitive::u16:
        case Primitive::i16:
            return 2;
        case Primitive::character:
        case Primitive::u32:
        case Primitive::i32:
            return 4;
        case Primitive::u64:
        case Primitive::i64:
            return 8;
        case Primitive::u128:
        case Primitive::i128:
            return 16;
        case Primitive::u256:
        case Primitive::i256:
            return 32;
    }
    return 0;
}

// Works out the least sizes of all types; one that contains itself counts as nothing inside itself.
class LeastBytes {
public:
    explicit LeastBytes(const std::vector<Type>& types)
        : types_(types), known_(types.size(), 0), begun_(types.size(), false) {}

    std::vector<std::size_t> all() && {
        for (TypeId id = 0; id < types_.size(); ++id) of(id, 0);
        return std::move(known_);
    }

private:
    std::size_t of(TypeId id, int depth) {
        if (begun_[id] || depth > kDeepest) return known_[id];
        begun_[id] = true;
        const std::size_t least =
            std::visit([&](const auto& definition) { return of_definition(definition, depth + 1); },
                       types_[id].definition);
        return known_[id] = std::min(least, kHuge);
    }

    std::size_t of_fields(const std::vector<TypeField>& fields, int depth) {
        std::size_t sum = 0;
        for (const TypeField& field : fields) sum = std::min(kHuge, sum + of(field.type, depth));
        return sum;
    }

    std::size_t of_definition(const CompositeType& t, int depth) {
        return of_fields(t.fields, depth);
    }
    std::size_t of_definition(const VariantType& t, int depth) {
        std::size_t least = t.cases.empty() ? 0 : kHuge;
        for (const VariantCase& choice : t.cases) {
            least = std::min(least, of_fields(choice.fields, depth));
        }
        return 1 + least;
    }
    std::size_t of_definition(const ArrayType& t, int depth) {
        const std::size_t element = of(t.element, depth);
        return t.length != 0 && element > kHuge / t.length ? kHuge : element * t.length;
    }
    std::size_t of_definition(const TupleType& t, int depth) {
        std::size_t sum = 0;
        for (const TypeId element : t.elements) sum = std::min(kHuge, sum + of(element, depth));
        return sum;
    }
    std::size_t of_definition(Primitive t, int) { return primitive_bytes(t); }
    std::size_t of_definition(const SequenceType&, int) { return 1; }
    std::size_t of_definition(const BitsType&, int) { return 1; }
    // A Compact<()> has no bytes at all.
    std::size_t of_definition(const CompactType& t, int depth) {
        return std::min<std::size_t>(1, of(t.inner, depth));
    }

    const std::vector<Type>& types_;
    std::vector<std::size_t> known_;
    std::vector<bool> begun_;
};

// What a type of one unnamed part wraps.
std::optional<TypeId> wrapped(const Type& type) {
    if (const auto* composite = std::get_if<CompositeType>(&type.definition)) {
        if (composite->fields.size() == 1 && composite->fields[0].name.empty()) {
            return composite->fields[0].type;
        }
    }
    if (const auto* tuple = std::get_if<TupleType>(&type.definition)) {
        if (tuple->elements.size() == 1) return tuple->elements[0];
    }
    return std::nullopt;
}

}  // namespace

config::Result<Registry> Registry::make(std::vector<Type> types) {
    for (TypeId id = 0; id < types.size(); ++id) {
        bool all_there = true;
        for_each_part(types[id], [&](TypeId part) { all_there &= part < types.size(); });
        for (const TypeParameter& parameter : types[id].parameters) {
            all_there &= !parameter.type || *parameter.type < types.size();
        }
        if (!all_there) {
            return config::fail(Errc::malformed,
                                fmt::format("metadata: type {} uses one that is not there", id));
        }
    }
    Registry registry;
    registry.types_ = std::move(types);
    registry.least_bytes_ = LeastBytes(registry.types_).all();
    registry.unwrapped_.reserve(registry.size());
    for (TypeId id = 0; id < registry.size(); ++id) {
        TypeId inner = id;
        for (int i = 0; i < kMostWrappers; ++i) inner = wrapped(registry[inner]).value_or(inner);
        registry.unwrapped_.push_back(inner);
    }
    return registry;
}

std::optional<std::size_t> Registry::unsigned_bytes(TypeId id) const {
    const auto* primitive = std::get_if<Primitive>(&types_[unwrapped(id)].definition);
    if (!primitive || *primitive < Primitive::u8 || *primitive > Primitive::u128) {
        return std::nullopt;
    }
    return primitive_bytes(*primitive);
}

std::optional<TypeId> Registry::find(std::string_view name) const {
    for (TypeId id = 0; id < size(); ++id) {
        if (!types_[id].path.empty() && types_[id].path.back() == name) return id;
    }
    return std::nullopt;
}

}  // namespace network

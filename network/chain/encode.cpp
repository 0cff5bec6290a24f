#include "network/chain/codec.hpp"
#include "network/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace network {
namespace {

constexpr std::size_t kDeepest = 64;

std::size_t signed_bytes(Primitive primitive) {
    switch (primitive) {
        case Primitive::i8:
            return 1;
        case Primitive::i16:
            return 2;
        case Primitive::i32:
            return 4;
        case Primitive::i64:
            return 8;
        case Primitive::i128:
            return 16;
        default:
            return 0;
    }
}

// The first failure is kept, and stops the rest.
class Encoder {
public:
    explicit Encoder(const Registry& registry) : registry_(registry) {}

    config::Result<std::vector<std::uint8_t>> finish() && {
        if (!ok_) {
            return config::fail(Errc::malformed,
                                place_.empty() ? why_ : fmt::format("{}: {}", place_, why_));
        }
        return std::move(writer_).written();
    }

    void write(TypeId type, const Value& value, std::size_t depth) {
        if (!ok_) return;
        if (depth > kDeepest) return fail("values nested too deeply");
        type = registry_.unwrapped(type);
        std::visit([&](const auto& definition) { write(definition, value, depth + 1); },
                   registry_[type].definition);
    }

    void write_fields(const std::vector<TypeField>& fields, const Value& values,
                      std::size_t depth) {
        const bool by_name = !fields.empty() && !fields[0].name.empty();
        const Value::Record* given = values.record();
        if (const Value::Variant* choice = values.variant()) given = &choice->fields;
        if (const Value::List* list = values.list()) {
            if (list->size() != fields.size()) return fail_count(fields.size(), list->size());
            for (std::size_t i = 0; i < fields.size() && ok_; ++i) {
                write(fields[i].type, (*list)[i], depth);
                if (!ok_) inside(fields[i].name);
            }
            return;
        }
        if (!given) return fail("fields expected");
        if (by_name) {
            for (const Value::Field& field : *given) {
                const auto known = std::find_if(fields.begin(), fields.end(), [&](const auto& f) {
                    return f.name == field.name;
                });
                if (known == fields.end()) return fail(fmt::format("no field '{}'", field.name));
            }
        }
        if (given->size() > fields.size()) return fail_count(fields.size(), given->size());
        for (std::size_t i = 0; i < fields.size() && ok_; ++i) {
            const Value* value = by_name             ? values.find(fields[i].name)
                                 : i < given->size() ? &(*given)[i].value
                                                     : nullptr;
            if (!value) return fail(fmt::format("field '{}' is missing", fields[i].name));
            write(fields[i].type, *value, depth);
            if (!ok_) inside(fields[i].name);
        }
    }

private:
    void write(Primitive primitive, const Value& value, std::size_t) {
        if (primitive == Primitive::boolean) {
            const auto boolean = value.boolean();
            if (!boolean) return fail("a truth value expected");
            return writer_.u8(*boolean);
        }
        if (primitive == Primitive::text) {
            if (!value.text() || !is_utf8(*value.text())) return fail("UTF-8 expected");
            writer_.compact(value.text()->size());
            return writer_.bytes(std::span(
                reinterpret_cast<const std::uint8_t*>(value.text()->data()), value.text()->size()));
        }
        if (primitive == Primitive::u256 || primitive == Primitive::i256) {
            return write_bytes(value, 32);
        }
        if (const std::size_t width = signed_bytes(primitive)) return write_signed(value, width);
        write_unsigned(value, primitive);
    }

    void write_unsigned(const Value& value, Primitive primitive) {
        constexpr std::array<std::size_t, 5> kWidths = {1, 2, 4, 8, 16};
        const std::size_t width =
            primitive == Primitive::character
                ? 4
                : kWidths[std::size_t(primitive) - std::size_t(Primitive::u8)];
        const auto number = value.u128();
        if (!number) return fail("a whole number that is not negative expected");
        if (width < 16 && *number >> (8 * width) != 0) {
            return fail(fmt::format("a number that does not fit into {} bytes", width));
        }
        writer_.fixed(*number, width);
    }

    void write_signed(const Value& value, std::size_t width) {
        const auto number = value.i128();
        if (!number) return fail("a whole number expected");
        // The sign fills every bit from the type's highest on.
        const Int128 sign = *number >> (8 * width - 1);
        if (sign != 0 && sign != -1) {
            return fail(fmt::format("a number that does not fit into {} bytes", width));
        }
        writer_.fixed(Uint128(*number), width);
    }

    void write(const CompositeType& type, const Value& value, std::size_t depth) {
        write_fields(type.fields, value, depth);
    }

    void write(const VariantType& type, const Value& value, std::size_t depth) {
        const Value::Variant* given = value.variant();
        if (!given) return fail("an enum's case expected");
        const auto choice = std::find_if(
            type.cases.begin(), type.cases.end(),
            [&](const VariantCase& candidate) { return candidate.name == given->name; });
        if (choice == type.cases.end()) return fail(fmt::format("no case '{}'", given->name));
        writer_.u8(choice->index);
        write_fields(choice->fields, value, depth);
        if (!ok_) inside(choice->name);
    }

    void write(const SequenceType& type, const Value& value, std::size_t depth) {
        if (registry_.is_u8(type.element)) {
            if (!value.bytes()) return fail("bytes expected");
            writer_.compact(value.bytes()->size());
            return writer_.bytes(*value.bytes());
        }
        if (const auto count = list_size(value)) writer_.compact(*count);
        write_elements(type.element, value, depth);
    }

    void write(const ArrayType& type, const Value& value, std::size_t depth) {
        if (registry_.is_u8(type.element)) return write_bytes(value, type.length);
        const auto count = list_size(value);
        if (count && *count != type.length) return fail_count(type.length, *count);
        write_elements(type.element, value, depth);
    }

    static std::optional<std::size_t> list_size(const Value& value) {
        if (value.numbers()) return value.numbers()->size();
        if (value.list()) return value.list()->size();
        return std::nullopt;
    }

    void write_elements(TypeId type, const Value& value, std::size_t depth) {
        if (const Value::Numbers* numbers = value.numbers()) {
            for (const std::uint64_t number : *numbers) write(type, number, depth);
        } else if (const Value::List* list = value.list()) {
            for (const Value& element : *list) write(type, element, depth);
        } else {
            fail("a list expected");
        }
    }

    void write(const TupleType& type, const Value& value, std::size_t depth) {
        if (!value.list()) return fail("a tuple's list expected");
        if (value.list()->size() != type.elements.size()) {
            return fail_count(type.elements.size(), value.list()->size());
        }
        for (std::size_t i = 0; i < type.elements.size(); ++i) {
            write(type.elements[i], (*value.list())[i], depth);
        }
    }

    void write(const CompactType& type, const Value& value, std::size_t depth) {
        const auto width = registry_.unsigned_bytes(type.inner);
        if (!width) {
            if (registry_.least_bytes(type.inner) != 0) {
                return fail("a compact form of what is no integer");
            }
            return write(type.inner, value, depth);
        }
        const auto number = value.u128();
        if (!number) return fail("a whole number that is not negative expected");
        if (*width < 16 && *number >> (8 * *width) != 0) {
            return fail(fmt::format("a number that does not fit into {} bytes", *width));
        }
        writer_.compact(*number);
    }

    void write(const BitsType& type, const Value& value, std::size_t) {
        const auto width = registry_.unsigned_bytes(type.store);
        if (!width || !value.bits()) return fail("bits expected");
        const auto& order = registry_[type.order].path;
        const bool highest_first = !order.empty() && order.back() == "Msb0";
        const std::size_t word_bits = 8 * *width;
        const Value::Bits& bits = *value.bits();
        std::vector<std::uint8_t> words((bits.size() + word_bits - 1) / word_bits * *width);
        for (std::size_t i = 0; i < bits.size(); ++i) {
            const std::size_t in_word = i % word_bits;
            const std::size_t bit = highest_first ? word_bits - 1 - in_word : in_word;
            words[i / word_bits * *width + bit / 8] |= std::uint8_t(bits[i] << (bit % 8));
        }
        writer_.compact(bits.size());
        writer_.bytes(words);
    }

    void write_bytes(const Value& value, std::size_t count) {
        if (!value.bytes()) return fail("bytes expected");
        if (value.bytes()->size() != count) return fail_count(count, value.bytes()->size());
        writer_.bytes(*value.bytes());
    }

    void fail_count(std::size_t expected, std::size_t given) {
        fail(fmt::format("{} parts expected, {} given", expected, given));
    }
    void fail(std::string why) {
        if (!ok_) return;
        ok_ = false;
        why_ = std::move(why);
    }
    void inside(std::string_view place) {
        if (place.empty()) return;
        place_ = place_.empty() ? std::string(place) : fmt::format("{}.{}", place, place_);
    }

    const Registry& registry_;
    ScaleWriter writer_;
    bool ok_ = true;
    std::string place_;
    std::string why_;
};

}  // namespace

config::Result<std::vector<std::uint8_t>> encode(const Registry& registry, TypeId type,
                                                 const Value& value) {
    Encoder encoder(registry);
    encoder.write(type, value, 0);
    return std::move(encoder).finish();
}

config::Result<std::vector<std::uint8_t>> encode_fields(const Registry& registry,
                                                        const std::vector<TypeField>& fields,
                                                        const Value& values) {
    Encoder encoder(registry);
    encoder.write_fields(fields, values, 0);
    return std::move(encoder).finish();
}

}  // namespace network

#include "network/chain/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace network {
namespace {

// Rust's char: a Unicode scalar value.
bool is_scalar(std::uint32_t character) {
    return character < 0xd800 || (character > 0xdfff && character < 0x11'0000);
}

class Decoder {
public:
    Decoder(const Registry& registry, std::span<const std::uint8_t> bytes, DecodeLimits limits)
        : registry_(registry), reader_(bytes), deepest_(limits.depth), allowance_(limits.values) {}

    config::Result<Value> whole(TypeId type) {
        Value value;
        read(type, value, 0);
        reader_.finish();
        if (!reader_.ok()) return reader_.error();
        return value;
    }

private:
    void read(TypeId type, Value& out, std::size_t depth) {
        if (depth > deepest_) return reader_.fail("values nested too deeply");
        type = registry_.unwrapped(type);
        std::visit([&](const auto& definition) { read(definition, out, depth + 1); },
                   registry_[type].definition);
    }

    void read(Primitive primitive, Value& out, std::size_t) {
        switch (primitive) {
            case Primitive::boolean:
                out = reader_.boolean();
                return;
            case Primitive::character:
                out = reader_.u32();
                if (!is_scalar(std::uint32_t(*out.u64()))) reader_.fail("no Unicode character");
                return;
            case Primitive::text:
                out = std::string(reader_.text());
                return;
            case Primitive::u8:
                out = reader_.u8();
                return;
            case Primitive::u16:
                out = reader_.u16();
                return;
            case Primitive::u32:
                out = reader_.u32();
                return;
            case Primitive::u64:
                out = reader_.u64();
                return;
            case Primitive::u128:
                out = reader_.u128();
                return;
            case Primitive::i8:
                out = std::int8_t(reader_.u8());
                return;
            case Primitive::i16:
                out = std::int16_t(reader_.u16());
                return;
            case Primitive::i32:
                out = std::int32_t(reader_.u32());
                return;
            case Primitive::i64:
                out = std::int64_t(reader_.u64());
                return;
            case Primitive::i128:
                out = Int128(reader_.u128());
                return;
            case Primitive::u256:
            case Primitive::i256:
                read_bytes(32, out);
                return;
        }
    }

    void read(const CompositeType& type, Value& out, std::size_t depth) {
        const bool by_name = !type.fields.empty() && !type.fields[0].name.empty();
        if (by_name) {
            out = read_fields(type.fields, depth);
            return;
        }
        Value::List list;
        if (!afford(type.fields.size())) return;
        list.resize(type.fields.size());
        for (std::size_t i = 0; i < list.size() && reader_.ok(); ++i) {
            read(type.fields[i].type, list[i], depth);
        }
        out = std::move(list);
    }

    void read(const VariantType& type, Value& out, std::size_t depth) {
        const std::uint8_t index = reader_.u8();
        if (!reader_.ok()) return;
        const auto choice =
            std::find_if(type.cases.begin(), type.cases.end(),
                         [&](const VariantCase& candidate) { return candidate.index == index; });
        if (choice == type.cases.end()) return reader_.fail(fmt::format("no case {}", index));
        auto fields = read_fields(choice->fields, depth);
        if (!reader_.ok()) return reader_.inside(choice->name);
        out = Value::Variant{choice->name, std::move(fields)};
    }

    void read(const SequenceType& type, Value& out, std::size_t depth) {
        const std::size_t count = reader_.length(registry_.least_bytes(type.element));
        if (!reader_.ok()) return;
        read_elements(type.element, count, out, depth);
    }

    void read(const ArrayType& type, Value& out, std::size_t depth) {
        const std::size_t least = registry_.least_bytes(type.element);
        if (least != 0 && type.length > reader_.remaining() / least) {
            return reader_.fail(fmt::format("{} elements expected, {} bytes left", type.length,
                                            reader_.remaining()));
        }
        read_elements(type.element, type.length, out, depth);
    }

    void read(const TupleType& type, Value& out, std::size_t depth) {
        Value::List list;
        if (!afford(type.elements.size())) return;
        list.resize(type.elements.size());
        for (std::size_t i = 0; i < list.size() && reader_.ok(); ++i) {
            read(type.elements[i], list[i], depth);
        }
        out = std::move(list);
    }

    void read(const CompactType& type, Value& out, std::size_t depth) {
        const auto width = registry_.unsigned_bytes(type.inner);
        if (!width) {
            // Only a Compact<()> is left of what Rust can make; it has no bytes.
            if (registry_.least_bytes(type.inner) != 0) {
                return reader_.fail("a compact form of what is no integer");
            }
            return read(type.inner, out, depth);
        }
        const Uint128 largest = ~Uint128(0) >> (128 - 8 * *width);
        out = reader_.compact(largest);
    }

    void read(const BitsType& type, Value& out, std::size_t) {
        const auto width = registry_.unsigned_bytes(type.store);
        if (!width) return reader_.fail("a bit sequence of what are no integers");
        const std::size_t count = reader_.compact_u32();
        const std::size_t word_bits = 8 * *width;
        const auto words = reader_.bytes((count + word_bits - 1) / word_bits * *width);
        if (!reader_.ok()) return;
        const auto& order = registry_[type.order].path;
        const bool highest_first = !order.empty() && order.back() == "Msb0";
        Value::Bits bits(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t in_word = i % word_bits;
            const std::size_t bit = highest_first ? word_bits - 1 - in_word : in_word;
            // Words are little endian, whatever the order of bits in them.
            bits[i] = (words[i / word_bits * *width + bit / 8] >> (bit % 8) & 1) != 0;
        }
        out = std::move(bits);
    }

    Value::Record read_fields(const std::vector<TypeField>& fields, std::size_t depth) {
        Value::Record record;
        if (!afford(fields.size())) return record;
        record.resize(fields.size());
        for (std::size_t i = 0; i < fields.size(); ++i) {
            record[i].name = fields[i].name;
            read(fields[i].type, record[i].value, depth);
            if (!reader_.ok()) {
                reader_.inside(fields[i].name);
                break;
            }
        }
        return record;
    }

    void read_elements(TypeId element, std::size_t count, Value& out, std::size_t depth) {
        if (registry_.is_u8(element)) return read_bytes(count, out);
        if (!afford(count)) return;
        if (read_numbers(element, count, out)) return;
        Value::List list(count);
        for (Value& value : list) {
            read(element, value, depth);
            if (!reader_.ok()) return;
        }
        out = std::move(list);
    }

    // Whether the elements are whole numbers that fit into 64 bits, as is or compact. The caller
    // has paid for them.
    bool read_numbers(TypeId element, std::size_t count, Value& out) {
        const auto* compact =
            std::get_if<CompactType>(&registry_[registry_.unwrapped(element)].definition);
        const auto width = registry_.unsigned_bytes(compact ? compact->inner : element);
        if (!width || *width > sizeof(std::uint64_t)) return false;
        const Uint128 largest = ~Uint128(0) >> (128 - 8 * *width);
        Value::Numbers numbers(count);
        for (std::uint64_t& number : numbers) {
            number = std::uint64_t(compact ? reader_.compact(largest) : reader_.fixed(*width));
            if (!reader_.ok()) return true;
        }
        out = std::move(numbers);
        return true;
    }

    void read_bytes(std::size_t count, Value& out) {
        const auto view = reader_.bytes(count);
        out = Value::Bytes(view.begin(), view.end());
    }

    // Takes so many values from the allowance, before any memory is taken for them. Lists in lists
    // that promise everything to everyone end here.
    bool afford(std::size_t count) {
        if (count > allowance_) reader_.fail("too many values");
        if (reader_.ok()) allowance_ -= count;
        return reader_.ok();
    }

    const Registry& registry_;
    ScaleReader reader_;
    const std::size_t deepest_;
    std::size_t allowance_;
};

}  // namespace

config::Result<Value> decode(const Registry& registry, TypeId type,
                             std::span<const std::uint8_t> bytes, DecodeLimits limits) {
    return Decoder(registry, bytes, limits).whole(type);
}

}  // namespace network

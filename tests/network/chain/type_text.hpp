// Types as the vectors write them ("Option<Vec<u8>>", "(u16,u32)"), and types written so.
#pragma once

#include "network/chain/registry.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

// A registry of one type and what it is made of.
struct TypeOf {
    network::Registry registry;
    network::TypeId id = 0;
};

class TypeText {
public:
    static TypeOf parse(std::string_view text) {
        TypeText parser;
        parser.text_ = text;
        const network::TypeId id = parser.type();
        return {network::Registry::make(std::move(parser.types_)).value(), id};
    }

private:
    bool take(std::string_view word) {
        while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    void need(std::string_view word) {
        if (!take(word)) throw std::invalid_argument("no " + std::string(word));
    }
    network::TypeId add(network::Type type) {
        types_.push_back(std::move(type));
        return network::TypeId(types_.size() - 1);
    }

    network::TypeId type() {
        using namespace network;
        if (take("Compact<")) return closed(CompactType{type()});
        if (take("Vec<")) return closed(SequenceType{type()});
        if (take("Option<")) {
            const TypeId inner = type();
            VariantType option;
            option.cases = {{"None", 0, {}}, {"Some", 1, {{"", inner}}}};
            return closed(option, {"Option"});
        }
        if (take("Bits<")) {  // store, then order
            const TypeId store = type();
            const bool highest_first = take(",Msb0");
            if (!highest_first) need(",Lsb0");
            const std::string order = highest_first ? "Msb0" : "Lsb0";
            const TypeId order_type = add({{"bitvec", "order", order}, {}, CompositeType{}});
            return closed(BitsType{store, order_type});
        }
        if (take("[")) {
            const TypeId element = type();
            need(";");
            std::size_t digits = 0;
            while (text_.front() == ' ') text_.remove_prefix(1);
            const auto length = std::stoul(std::string(text_), &digits);
            text_.remove_prefix(digits);
            need("]");
            return add({{}, {}, ArrayType{std::uint32_t(length), element}});
        }
        if (take("(")) {
            TupleType tuple;
            while (!take(")")) {
                tuple.elements.push_back(type());
                take(",");
            }
            return add({{}, {}, tuple});
        }
        if (take("AccountId")) {
            const TypeId byte = add({{}, {}, Primitive::u8});
            const TypeId array = add({{}, {}, ArrayType{32, byte}});
            CompositeType account;
            account.fields = {{"", array}};
            return add({{"AccountId32"}, {}, account});
        }
        return primitive();
    }

    network::TypeId closed(auto definition, std::vector<std::string> path = {}) {
        need(">");
        return add({std::move(path), {}, std::move(definition)});
    }

    network::TypeId primitive() {
        using network::Primitive;
        static const std::vector<std::pair<std::string, Primitive>> kNames = {
            {"bool", Primitive::boolean}, {"char", Primitive::character},
            {"String", Primitive::text},  {"u8", Primitive::u8},
            {"u16", Primitive::u16},      {"u32", Primitive::u32},
            {"u64", Primitive::u64},      {"u128", Primitive::u128},
            {"u256", Primitive::u256},    {"i8", Primitive::i8},
            {"i16", Primitive::i16},      {"i32", Primitive::i32},
            {"i64", Primitive::i64},      {"i128", Primitive::i128},
        };
        for (const auto& [name, primitive] : kNames) {
            if (take(name)) return add({{}, {}, primitive});
        }
        throw std::invalid_argument("no type: " + std::string(text_));
    }

    std::string_view text_;
    std::vector<network::Type> types_;
};

// A type of the chain as the vectors write it: "Vec<NeuronInfoLite{hotkey: AccountId32, ...}>".
// Accounts are written out only where they are a whole argument.
inline std::string written(const network::Registry& registry, network::TypeId id, bool whole) {
    using namespace network;
    static const char* const kNames[] = {"bool", "char", "str", "u8",  "u16", "u32",  "u64", "u128",
                                         "u256", "i8",   "i16", "i32", "i64", "i128", "i256"};
    const Type& type = registry[id];
    const std::string name = type.path.empty() ? "" : type.path.back();
    if (name == "AccountId32" && !whole) return name;
    const auto inner = [&](TypeId part) { return written(registry, part, false); };
    if (const auto* t = std::get_if<CompositeType>(&type.definition)) {
        std::string text = name + "{";
        for (const TypeField& field : t->fields) {
            if (text.back() != '{') text += ", ";
            text += (field.name.empty() ? "_" : field.name) + ": " + inner(field.type);
        }
        return text + "}";
    }
    if (const auto* t = std::get_if<VariantType>(&type.definition)) {
        if (name != "Option") return name;
        return "Option<" + inner(t->cases.at(1).fields.at(0).type) + ">";
    }
    if (const auto* t = std::get_if<SequenceType>(&type.definition)) {
        return "Vec<" + inner(t->element) + ">";
    }
    if (const auto* t = std::get_if<ArrayType>(&type.definition)) {
        return "[" + inner(t->element) + ";" + std::to_string(t->length) + "]";
    }
    if (const auto* t = std::get_if<TupleType>(&type.definition)) {
        std::string text = "(";
        for (const TypeId element : t->elements)
            text += (text.size() > 1 ? "," : "") + inner(element);
        return text + ")";
    }
    if (const auto* t = std::get_if<CompactType>(&type.definition)) {
        return "Compact<" + inner(t->inner) + ">";
    }
    if (const auto* t = std::get_if<Primitive>(&type.definition)) return kNames[int(*t)];
    return name;
}

}  // namespace tests

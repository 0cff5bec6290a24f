#include "network/chain/metadata.hpp"

#include "config/escape.hpp"
#include "network/chain/scale.hpp"
#include "network/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <vector>

namespace network {
namespace {

constexpr std::uint32_t kMagic = 0x6174656d;            // "meta"
constexpr std::size_t kLargest = std::size_t(4) << 20;  // today's has 300 KB
constexpr std::size_t kMostTypes = 65'536;              // today's has some 800
constexpr std::uint8_t kOptionalTag = 1;

template <class Elements>
config::Result<void> names_are_unique(const Elements& elements, std::string_view of) {
    std::vector<std::string_view> names;
    names.reserve(elements.size());
    for (const auto& element : elements) names.emplace_back(element.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return {};
    return config::fail(Errc::malformed, fmt::format("metadata: {} {} is there twice", of,
                                                     config::quoted(*twice, 100)));
}

// Everything is looked up by name: of two alike the second could never be found, and which of them
// the chain means cannot be told. No runtime compiles with such a pair (paritytech/polkadot-sdk,
// construct_runtime: "Two pallets with the same name").
config::Result<void> names_are_unique(const Metadata& metadata) {
    if (auto pallets = names_are_unique(metadata.pallets, "pallet"); !pallets) return pallets;
    if (auto methods = names_are_unique(metadata.methods, "method"); !methods) return methods;
    for (const Pallet& pallet : metadata.pallets) {
        if (auto items = names_are_unique(pallet.storage, "storage item"); !items) return items;
    }
    return {};
}

// Reads metadata front to back. Each function reads one thing; after a failure they all read
// nothing, and the loops end.
class Parser {
public:
    explicit Parser(std::span<const std::uint8_t> bytes) : reader_(bytes) {}

    config::Result<Metadata> parse() {
        Metadata metadata;
        unwrap();
        if (reader_.u32() != kMagic) reader_.fail("no metadata: another magic number");
        metadata.version = reader_.u8();
        if (metadata.version != 14 && metadata.version != 15) {
            reader_.fail(fmt::format("version {} instead of 14 or 15", metadata.version));
        }
        auto types = list(4, [this](std::size_t i) { return portable_type(i); });
        if (types.size() > kMostTypes) reader_.fail("too many types");
        metadata.pallets = list(8, [&](std::size_t) { return pallet(metadata.version); });
        if (metadata.version == 14) {
            extrinsic_v14(metadata.extrinsic, types);
            type_id();  // of the runtime itself
        } else {
            extrinsic_v15(metadata.extrinsic);
            type_id();
            apis(metadata.methods);
            for (int i = 0; i < 3; ++i) type_id();  // all calls, all events, all errors
            custom();
        }
        reader_.finish();
        if (!reader_.ok()) return failure();
        auto registry = Registry::make(std::move(types));
        if (!registry) return registry.error();
        metadata.types = *std::move(registry);
        if (auto unique = names_are_unique(metadata); !unique) return unique.error();
        if (largest_id_ >= metadata.types.size()) {
            return config::fail(Errc::malformed, fmt::format("metadata: no type {}", largest_id_));
        }
        return metadata;
    }

private:
    config::Error failure() const {
        auto error = reader_.error();
        error.detail = "metadata: " + error.detail;
        return error;
    }

    // state_call gives Option<OpaqueMetadata>, which is Option<Vec<u8>>; state_getMetadata does
    // not.
    void unwrap() {
        ScaleReader peek = reader_;
        if (peek.u32() == kMagic) return;
        peek = reader_;
        if (peek.u8() != kOptionalTag) return;
        const std::size_t length = peek.length(1);
        if (peek.ok() && length == peek.remaining()) reader_ = peek;
    }

    // Elements of at least `least` bytes each.
    template <class Read>
    std::vector<std::invoke_result_t<Read&, std::size_t>> list(std::size_t least, Read read) {
        const std::size_t count = reader_.length(least);
        std::vector<std::invoke_result_t<Read&, std::size_t>> elements;
        for (std::size_t i = 0; i < count && reader_.ok(); ++i) elements.push_back(read(i));
        return elements;
    }

    template <class Read>
    std::optional<std::invoke_result_t<Read&>> option(Read read) {
        std::optional<std::invoke_result_t<Read&>> value;
        if (reader_.boolean()) value = read();
        return value;
    }

    std::string text() { return std::string(reader_.text()); }
    void docs() {
        const std::size_t count = reader_.length(1);
        for (std::size_t i = 0; i < count && reader_.ok(); ++i) reader_.text();
    }
    std::vector<std::uint8_t> bytes() {
        const auto view = reader_.bytes(reader_.length(1));
        return {view.begin(), view.end()};
    }
    TypeId type_id() {
        const TypeId id = reader_.compact_u32();
        largest_id_ = std::max(largest_id_, id);
        return id;
    }

    Type portable_type(std::size_t place) {
        if (type_id() != place) reader_.fail("types are not in order");
        Type type;
        type.path = list(1, [this](std::size_t) { return text(); });
        type.parameters = list(2, [this](std::size_t) {
            auto name = text();
            return TypeParameter{std::move(name), option([this] { return type_id(); })};
        });
        definition(type);
        docs();
        if (!reader_.ok()) reader_.inside(fmt::format("type {}", place));
        return type;
    }

    void definition(Type& type) {
        switch (const std::uint8_t kind = reader_.u8()) {
            case 0:
                type.definition = CompositeType{fields()};
                return;
            case 1:
                type.definition = VariantType{list(4, [this](std::size_t) {
                    VariantCase choice;
                    choice.name = text();
                    choice.fields = fields();
                    choice.index = reader_.u8();
                    docs();
                    return choice;
                })};
                return;
            case 2:
                type.definition = SequenceType{type_id()};
                return;
            case 3: {
                const std::uint32_t length = reader_.u32();
                type.definition = ArrayType{length, type_id()};
                return;
            }
            case 4:
                type.definition = TupleType{list(1, [this](std::size_t) { return type_id(); })};
                return;
            case 5: {
                const std::uint8_t primitive = reader_.u8();
                if (primitive > std::uint8_t(Primitive::i256)) reader_.fail("unknown primitive");
                type.definition = Primitive(primitive);
                return;
            }
            case 6:
                type.definition = CompactType{type_id()};
                return;
            case 7: {
                const TypeId store = type_id();
                type.definition = BitsType{store, type_id()};
                return;
            }
            default:
                reader_.fail(fmt::format("a type of unknown kind {}", kind));
        }
    }

    std::vector<TypeField> fields() {
        return list(4, [this](std::size_t) {
            TypeField field;
            field.name = option([this] { return text(); }).value_or("");
            field.type = type_id();
            if (reader_.boolean()) reader_.text();  // the type's name in the source
            docs();
            return field;
        });
    }

    Pallet pallet(std::uint8_t version) {
        const auto optional_type = [this] { return option([this] { return type_id(); }); };
        Pallet pallet;
        pallet.name = text();
        if (reader_.boolean()) {
            pallet.storage_prefix = text();
            pallet.storage = list(6, [this](std::size_t) { return storage_item(); });
        }
        pallet.calls = optional_type();
        pallet.events = optional_type();
        pallet.constants = list(4, [this](std::size_t) {
            Constant constant;
            constant.name = text();
            constant.type = type_id();
            constant.value = bytes();
            docs();
            return constant;
        });
        pallet.errors = optional_type();
        pallet.index = reader_.u8();
        if (version >= 15) docs();
        if (!reader_.ok()) reader_.inside(pallet.name);
        return pallet;
    }

    StorageItem storage_item() {
        StorageItem item;
        item.name = text();
        const std::uint8_t modifier = reader_.u8();
        if (modifier > std::uint8_t(StorageItem::Modifier::required)) {
            reader_.fail("unknown modifier");
        }
        item.modifier = StorageItem::Modifier(modifier);
        if (reader_.boolean()) {
            item.hashers = list(1, [this](std::size_t) {
                const std::uint8_t hasher = reader_.u8();
                if (hasher > std::uint8_t(Hasher::identity)) reader_.fail("unknown hasher");
                return Hasher(hasher);
            });
            item.key = type_id();
        }
        item.value = type_id();
        item.fallback = bytes();
        docs();
        if (!reader_.ok()) reader_.inside(item.name);
        return item;
    }

    void extensions(ExtrinsicFormat& format) {
        format.signed_extensions = list(3, [this](std::size_t) {
            SignedExtension extension;
            extension.name = text();
            extension.extra = type_id();
            extension.additional = type_id();
            return extension;
        });
    }

    void extrinsic_v14(ExtrinsicFormat& format, const std::vector<Type>& types) {
        const TypeId type = type_id();
        format.version = reader_.u8();
        extensions(format);
        if (!reader_.ok()) return;
        const auto find = [&](std::string_view name) -> TypeId {
            if (type < types.size()) {
                for (const TypeParameter& parameter : types[type].parameters) {
                    if (parameter.name == name && parameter.type) return *parameter.type;
                }
            }
            reader_.fail(fmt::format("the extrinsic has no type {}", name));
            return 0;
        };
        format.address = find("Address");
        format.call = find("Call");
        format.signature = find("Signature");
    }

    void extrinsic_v15(ExtrinsicFormat& format) {
        format.version = reader_.u8();
        format.address = type_id();
        format.call = type_id();
        format.signature = type_id();
        type_id();  // of all extensions together
        extensions(format);
    }

    void apis(std::vector<RuntimeMethod>& methods) {
        const std::size_t count = reader_.length(3);
        for (std::size_t i = 0; i < count && reader_.ok(); ++i) {
            const std::string api = text();
            auto some = list(4, [&](std::size_t) {
                RuntimeMethod method;
                method.name = fmt::format("{}_{}", api, reader_.text());
                method.inputs = list(2, [this](std::size_t) {
                    TypeField input;
                    input.name = text();
                    input.type = type_id();
                    return input;
                });
                method.output = type_id();
                docs();
                return method;
            });
            std::move(some.begin(), some.end(), std::back_inserter(methods));
            docs();
        }
    }

    void custom() {
        const std::size_t count = reader_.length(3);
        for (std::size_t i = 0; i < count && reader_.ok(); ++i) {
            reader_.text();
            type_id();
            reader_.bytes(reader_.length(1));
        }
    }

    ScaleReader reader_;
    TypeId largest_id_ = 0;
};

template <class Elements>
auto find_named(const Elements& elements, std::string_view name) {
    const auto found = std::find_if(elements.begin(), elements.end(),
                                    [&](const auto& element) { return element.name == name; });
    return found == elements.end() ? nullptr : &*found;
}

}  // namespace

config::Result<Metadata> Metadata::parse(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > kLargest) {
        return config::fail(Errc::malformed, fmt::format("metadata of {} bytes", bytes.size()));
    }
    return Parser(bytes).parse();
}

const Pallet* Metadata::pallet(std::string_view name) const { return find_named(pallets, name); }

const StorageItem* Metadata::storage(std::string_view pallet_name, std::string_view item) const {
    const Pallet* owner = pallet(pallet_name);
    return owner ? find_named(owner->storage, item) : nullptr;
}

const RuntimeMethod* Metadata::method(std::string_view name) const {
    return find_named(methods, name);
}

}  // namespace network

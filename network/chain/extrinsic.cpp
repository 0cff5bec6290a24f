#include "network/chain/extrinsic.hpp"

#include "network/chain/codec.hpp"
#include "network/errc.hpp"
#include "network/wallet/hash.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace network {
namespace {

constexpr std::uint8_t kFormat = 4;
constexpr std::uint8_t kSigned = 0x80;
constexpr std::size_t kLongestUnhashed = 256;

void append(std::vector<std::uint8_t>& bytes, std::span<const std::uint8_t> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
}

Value bytes_of(std::span<const std::uint8_t> bytes) {
    return Value::Bytes(bytes.begin(), bytes.end());
}

Value variant(std::string_view name, Value field) {
    Value::Record fields;
    fields.push_back({"", std::move(field)});
    return Value::Variant{name, std::move(fields)};
}

// The cases of Era are named after its first byte (Mortal1 to Mortal255) and hold the second.
Value era_value(const Registry& types, TypeId type, const std::optional<Era>& era) {
    if (!era) return Value::Variant{"Immortal", {}};
    const auto encoded = era->encoded();
    if (const auto* cases = std::get_if<VariantType>(&types[types.unwrapped(type)].definition)) {
        for (const VariantCase& choice : cases->cases) {
            if (choice.index == encoded[0]) return variant(choice.name, encoded[1]);
        }
    }
    return Value::Variant{"Mortal", {}};  // no type that we know: the encoder says so
}

// What the extensions that we know put in and sign. One that is not here must want nothing.
struct ExtensionData {
    std::optional<Value> extra;
    std::optional<Value> additional;
};

ExtensionData data_of(const Registry& types, const SignedExtension& extension,
                      const ExtrinsicTerms& terms) {
    const std::string_view name = extension.name;
    if (name == "CheckSpecVersion") return {{}, terms.spec_version};
    if (name == "CheckTxVersion") return {{}, terms.transaction_version};
    if (name == "CheckGenesis") return {{}, bytes_of(terms.genesis_hash)};
    if (name == "CheckMortality" || name == "CheckEra") {
        return {era_value(types, extension.extra, terms.era),
                bytes_of(terms.era ? terms.birth_hash : terms.genesis_hash)};
    }
    if (name == "CheckNonce") return {terms.nonce, {}};
    if (name == "ChargeTransactionPayment") return {terms.tip, {}};
    if (name == "ChargeAssetTxPayment") {
        Value::Record fields;
        fields.push_back({"tip", terms.tip});
        fields.push_back({"asset_id", Value::none()});
        return {Value(std::move(fields)), {}};
    }
    if (name == "CheckMetadataHash") {
        Value::Record fields;
        fields.push_back({"mode", Value::Variant{"Disabled", {}}});
        return {Value(std::move(fields)), Value::none()};
    }
    return {};
}

// Appends one part of an extension. Without a value the type must be one that takes no bytes.
std::optional<config::Error> append_part(std::vector<std::uint8_t>& bytes, const Metadata& metadata,
                                         std::string_view extension, TypeId type,
                                         const std::optional<Value>& value) {
    if (!value) {
        constexpr DecodeLimits kFew{.depth = 16, .values = 1'000};
        if (decode(metadata.types, type, {}, kFew)) return std::nullopt;
        return config::fail(Errc::not_in_runtime,
                            fmt::format("signed extension {}, which wants data that this program "
                                        "does not know",
                                        extension));
    }
    const auto encoded = encode(metadata.types, type, *value);
    if (!encoded) {
        auto error = encoded.error();
        error.detail = fmt::format("signed extension {}: {}", extension, error.detail);
        return error;
    }
    append(bytes, *encoded);
    return std::nullopt;
}

}  // namespace

config::Result<std::vector<std::uint8_t>> encode_call(const Metadata& metadata,
                                                      std::string_view pallet_name,
                                                      std::string_view call,
                                                      const Value& arguments) {
    const auto unknown = [&] {
        return config::fail(Errc::not_in_runtime, fmt::format("call {}.{}", pallet_name, call));
    };
    const Pallet* pallet = metadata.pallet(pallet_name);
    if (!pallet || !pallet->calls) return unknown();
    const auto* calls = std::get_if<VariantType>(&metadata.types[*pallet->calls].definition);
    if (!calls) return unknown();
    const auto choice =
        std::find_if(calls->cases.begin(), calls->cases.end(),
                     [&](const VariantCase& candidate) { return candidate.name == call; });
    if (choice == calls->cases.end()) return unknown();
    auto encoded = encode_fields(metadata.types, choice->fields, arguments);
    if (!encoded) {
        auto error = encoded.error();
        error.detail = fmt::format("{}.{}: {}", pallet_name, call, error.detail);
        return error;
    }
    std::vector<std::uint8_t> bytes{pallet->index, choice->index};
    append(bytes, *encoded);
    return bytes;
}

config::Result<Extrinsic> Extrinsic::make(const Metadata& metadata, std::vector<std::uint8_t> call,
                                          const ExtrinsicTerms& terms) {
    if (metadata.extrinsic.version != kFormat) {
        return config::fail(Errc::not_in_runtime,
                            fmt::format("extrinsics of format 4 (this runtime has {})",
                                        metadata.extrinsic.version));
    }
    Extrinsic extrinsic;
    extrinsic.call_ = std::move(call);
    for (const SignedExtension& extension : metadata.extrinsic.signed_extensions) {
        const ExtensionData data = data_of(metadata.types, extension, terms);
        if (auto error = append_part(extrinsic.extra_, metadata, extension.name, extension.extra,
                                     data.extra)) {
            return *error;
        }
        if (auto error = append_part(extrinsic.additional_, metadata, extension.name,
                                     extension.additional, data.additional)) {
            return *error;
        }
    }
    return extrinsic;
}

std::vector<std::uint8_t> Extrinsic::payload() const {
    std::vector<std::uint8_t> bytes = call_;
    append(bytes, extra_);
    append(bytes, additional_);
    return bytes;
}

std::vector<std::uint8_t> Extrinsic::message() const {
    auto bytes = payload();
    if (bytes.size() <= kLongestUnhashed) return bytes;
    const auto digest = blake2b_256(bytes);
    return {digest.begin(), digest.end()};
}

config::Result<std::vector<std::uint8_t>> Extrinsic::assemble(
    const Metadata& metadata, std::span<const std::uint8_t, 32> signer,
    std::span<const std::uint8_t, 64> signature) const {
    const Registry& types = metadata.types;
    const auto& format = metadata.extrinsic;
    // Chains that know one kind of account have no MultiAddress around it.
    const bool many_kinds =
        std::holds_alternative<VariantType>(types[types.unwrapped(format.address)].definition);
    const auto address = encode(types, format.address,
                                many_kinds ? variant("Id", bytes_of(signer)) : bytes_of(signer));
    if (!address) return address.error();
    const auto proof = encode(types, format.signature, variant("Sr25519", bytes_of(signature)));
    if (!proof) return proof.error();

    std::vector<std::uint8_t> body{std::uint8_t(kSigned | kFormat)};
    append(body, *address);
    append(body, *proof);
    append(body, extra_);
    append(body, call_);
    ScaleWriter writer;
    writer.compact(body.size());
    writer.bytes(body);
    return std::move(writer).written();
}

}  // namespace network

#include "network/chain/extrinsic.hpp"

#include "network/errc.hpp"
#include "network/wallet/hash.hpp"
#include "network/wallet/keypair.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

using namespace network;

namespace {

const boost::json::array& examples() {
    return tests::vectors("chain.json").at("extrinsics").as_array();
}

Value call_arguments(const boost::json::value& example) {
    Value::Record record;
    for (const auto& argument : example.at("call_params").as_object()) {
        record.push_back({argument.key(), tests::number(argument.value())});
    }
    return record;
}

ExtrinsicTerms terms_of(const boost::json::value& example) {
    ExtrinsicTerms terms;
    terms.nonce = std::uint64_t(tests::number(example.at("nonce")));
    terms.tip = std::uint64_t(tests::number(example.at("tip")));
    if (const auto* era = tests::find(example, "era")) {
        terms.era = Era{std::uint64_t(tests::number(era->at("period"))),
                        std::uint64_t(tests::number(era->at("current")))};
    }
    terms.spec_version = std::uint32_t(tests::number(example.at("spec_version")));
    terms.transaction_version = std::uint32_t(tests::number(example.at("transaction_version")));
    terms.genesis_hash = tests::exactly<32>(tests::bytes_of(example.at("genesis_hash")));
    terms.birth_hash = tests::exactly<32>(tests::bytes_of(example.at("block_hash_in_payload")));
    return terms;
}

Extrinsic made(const boost::json::value& example) {
    const Metadata& metadata = tests::recorded_metadata(15);
    auto call = encode_call(metadata, "SubtensorModule", "serve_axon", call_arguments(example));
    return Extrinsic::make(metadata, std::move(call).value(), terms_of(example)).value();
}

// The recorded metadata with one more signed extension, of the type with that path.
Metadata with_extension(const char* name, TypeId extra) {
    Metadata metadata = tests::recorded_metadata(15);
    TypeId nothing = 0;
    for (const auto& extension : metadata.extrinsic.signed_extensions) {
        if (extension.name == "CheckNonZeroSender") nothing = extension.extra;
    }
    metadata.extrinsic.signed_extensions.push_back(
        {name, extra == TypeId(-1) ? nothing : extra, nothing});
    return metadata;
}

}  // namespace

TEST_CASE("calls are encoded as the SDK does it") {
    for (const auto& example : examples()) {
        CAPTURE(tests::text(example, "note"));
        const auto call = encode_call(tests::recorded_metadata(15), "SubtensorModule", "serve_axon",
                                      call_arguments(example));
        REQUIRE(call.has_value());
        CHECK(*call == tests::bytes_of(example.at("call_hex")));
    }
    for (const auto& known :
         tests::vectors("chain.json").at("extrinsic_format").at("calls").as_array()) {
        const Metadata& metadata = tests::recorded_metadata(15);
        const Pallet* pallet = metadata.pallet("SubtensorModule");
        REQUIRE(pallet != nullptr);
        CHECK(pallet->index == tests::number(known.at("pallet_index")));
        bool found = false;
        for (const auto& call :
             std::get<VariantType>(metadata.types[*pallet->calls].definition).cases) {
            if (call.name != tests::text(known, "name")) continue;
            found = true;
            CHECK(call.index == tests::number(known.at("call_index")));
            CHECK(call.fields.size() == known.at("args").as_array().size());
        }
        CHECK(found);
    }
}

TEST_CASE("eras are the SDK's, and begin where it says") {
    for (const auto& example : examples()) {
        const auto terms = terms_of(example);
        if (!terms.era) continue;
        const auto encoded = terms.era->encoded();
        CHECK(std::vector(encoded.begin(), encoded.end()) ==
              tests::bytes_of(example.at("era_hex")));
        CHECK(terms.era->birth_block() == tests::number(example.at("era_birth_block")));
    }
}

TEST_CASE("payload and extrinsic have the SDK's bytes, and its signature holds over ours") {
    for (const auto& example : examples()) {
        CAPTURE(tests::text(example, "note"));
        const Extrinsic extrinsic = made(example);
        CHECK(extrinsic.payload() == tests::bytes_of(example.at("payload_to_sign_hex")));
        const auto signer = tests::exactly<32>(tests::bytes_of(example.at("signer_public_hex")));
        CHECK(verify(signer, extrinsic.message(),
                     tests::exactly<64>(tests::bytes_of(example.at("example_signature_hex")))));
        const auto bytes = extrinsic.assemble(
            tests::recorded_metadata(15), signer,
            tests::exactly<64>(tests::bytes_of(example.at("fixed_signature_hex"))));
        REQUIRE(bytes.has_value());
        CHECK(*bytes == tests::bytes_of(example.at("extrinsic_with_fixed_signature_hex")));
    }
}

TEST_CASE("a payload of more than 256 bytes is hashed before it is signed") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& example = examples().at(0);
    const auto overhead =
        made(example).payload().size() - tests::bytes_of(example.at("call_hex")).size();
    for (const std::size_t size : {256, 257}) {
        const std::vector<std::uint8_t> call(size - overhead, 7);
        const auto extrinsic = Extrinsic::make(metadata, call, terms_of(example)).value();
        REQUIRE(extrinsic.payload().size() == size);
        if (size == 256) {
            CHECK(extrinsic.message() == extrinsic.payload());
        } else {
            const auto digest = blake2b_256(extrinsic.payload());
            CHECK(extrinsic.message() == std::vector(digest.begin(), digest.end()));
        }
    }
}

TEST_CASE("an unknown extension is fine when it wants nothing, and refused by name otherwise") {
    const auto& example = examples().at(0);
    const auto call = tests::bytes_of(example.at("call_hex"));
    const auto harmless =
        Extrinsic::make(with_extension("CheckMood", TypeId(-1)), call, terms_of(example));
    REQUIRE(harmless.has_value());
    CHECK(harmless->payload() == made(example).payload());
    const TypeId wanting = tests::recorded_metadata(15).types.find("AccountId32").value();
    const auto refused =
        Extrinsic::make(with_extension("CheckMood", wanting), call, terms_of(example));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::not_in_runtime);
    CHECK_THAT(refused.error().detail, Catch::Contains("CheckMood"));
}

TEST_CASE("a call that the runtime does not have, or takes otherwise, is refused") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const Value arguments = call_arguments(examples().at(0));
    CHECK(encode_call(metadata, "SubtensorModule", "serve_axons", arguments).error().code ==
          Errc::not_in_runtime);
    CHECK(encode_call(metadata, "Nowhere", "serve_axon", arguments).error().code ==
          Errc::not_in_runtime);
    const auto lacking = encode_call(metadata, "SubtensorModule", "serve_axon_tls", arguments);
    REQUIRE_FALSE(lacking.has_value());
    CHECK_THAT(lacking.error().detail, Catch::Contains("'certificate' is missing"));
    ExtrinsicTerms terms;
    terms.nonce = std::uint64_t(1) << 32;  // the chain's index is u32
    const auto too_late = Extrinsic::make(metadata, {}, terms);
    REQUIRE_FALSE(too_late.has_value());
    CHECK_THAT(too_late.error().detail, Catch::Contains("CheckNonce"));
}

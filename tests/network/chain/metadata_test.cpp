#include "network/chain/metadata.hpp"

#include "network/chain/codec.hpp"
#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/network/chain/type_text.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

using namespace network;

TEST_CASE("both recorded metadata are read to their last byte") {
    const Metadata& v14 = tests::recorded_metadata(14);
    const Metadata& v15 = tests::recorded_metadata(15);
    CHECK(v14.version == 14);
    CHECK(v15.version == 15);
    CHECK(v14.methods.empty());
    CHECK_FALSE(v15.methods.empty());
    for (const Metadata* metadata : {&v14, &v15}) {
        REQUIRE(metadata->pallet("SubtensorModule") != nullptr);
        CHECK(metadata->storage("SubtensorModule", "Uids") != nullptr);
        CHECK(metadata->storage("SubtensorModule", "NetworkLastRegistered") == nullptr);
        CHECK(metadata->storage("Nowhere", "Uids") == nullptr);
        const auto* number = metadata->storage("System", "Number");
        REQUIRE(number != nullptr);
        CHECK(tests::written(metadata->types, number->value, true) == "u32");
        CHECK(metadata->extrinsic.version == 4);
    }
}

TEST_CASE("every constant and every default is a value of its type, to the last byte") {
    for (const int version : {14, 15}) {
        const Metadata& metadata = tests::recorded_metadata(version);
        std::size_t seen = 0;
        for (const Pallet& pallet : metadata.pallets) {
            for (const Constant& constant : pallet.constants) {
                CAPTURE(pallet.name, constant.name);
                const auto value = decode(metadata.types, constant.type, constant.value);
                REQUIRE(value.has_value());
                CHECK(encode(metadata.types, constant.type, *value).value() == constant.value);
                ++seen;
            }
            for (const StorageItem& item : pallet.storage) {
                if (item.modifier != StorageItem::Modifier::with_default) continue;
                CAPTURE(pallet.name, item.name);
                const auto value = decode(metadata.types, item.value, item.fallback);
                REQUIRE(value.has_value());
                CHECK(encode(metadata.types, item.value, *value).value() == item.fallback);
                ++seen;
            }
        }
        CHECK(seen > 0);
    }
}

TEST_CASE("runtime methods have the shapes that the SDK sees") {
    const Metadata& metadata = tests::recorded_metadata(15);
    for (const auto& entry : tests::vectors("chain.json").at("runtime_api").as_array()) {
        CAPTURE(tests::text(entry, "state_call"));
        const RuntimeMethod* method = metadata.method(tests::text(entry, "state_call"));
        REQUIRE(method != nullptr);
        const auto& inputs = entry.at("inputs").as_array();
        REQUIRE(method->inputs.size() == inputs.size());
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            CHECK(method->inputs[i].name == tests::text(inputs[i], "name"));
            CHECK(tests::written(metadata.types, method->inputs[i].type, true) ==
                  tests::text(inputs[i], "type"));
        }
        CHECK(tests::written(metadata.types, method->output, false) ==
              tests::text(entry, "output"));
    }
}

TEST_CASE("signed extensions and calls are those that the SDK sees") {
    const auto& format = tests::vectors("chain.json").at("extrinsic_format").as_object();
    for (const int version : {14, 15}) {
        const Metadata& metadata = tests::recorded_metadata(version);
        if (version == 14) {
            // An older runtime than the one that the vectors are of.
            CHECK_FALSE(metadata.extrinsic.signed_extensions.empty());
            continue;
        }
        const auto& expected = format.at("signed_extensions").as_array();
        const auto& known = metadata.extrinsic.signed_extensions;
        REQUIRE(known.size() == expected.size());
        for (std::size_t i = 0; i < known.size(); ++i) {
            CHECK(known[i].name == tests::text(expected[i], "identifier"));
            CHECK(tests::written(metadata.types, known[i].extra, true) ==
                  tests::text(expected[i], "extra"));
            CHECK(tests::written(metadata.types, known[i].additional, true) ==
                  tests::text(expected[i], "additional_signed"));
        }
    }
}

TEST_CASE("what is no metadata of version 14 or 15 is refused") {
    CHECK_FALSE(Metadata::parse({}).has_value());
    auto bytes = tests::recorded_bytes("metadata_v14.hex.gz");
    const auto detail = [&] { return Metadata::parse(bytes).error().detail; };
    bytes[4] = 13;
    CHECK_THAT(detail(), Catch::Contains("version 13"));
    bytes[4] = 14;
    bytes.push_back(0);
    CHECK_THAT(detail(), Catch::Contains("1 bytes left over"));
    bytes[0] = 'M';
    CHECK_THAT(detail(), Catch::Contains("magic"));
    CHECK_FALSE(Metadata::parse(std::vector<std::uint8_t>(5'000'000)).has_value());
    CHECK_FALSE(
        Metadata::parse(std::vector<std::uint8_t>{0}).has_value());  // None: a node without V15
}

TEST_CASE("metadata that calls two things alike is refused, as only one could be looked up") {
    const auto refused = [](std::string_view name, std::string_view other) {
        REQUIRE(name.size() == other.size());
        auto bytes = tests::recorded_bytes("metadata_v15_opaque.hex.gz");
        // With its length before it, in SCALE's compact form of less than 64.
        const auto counted = [](std::string_view text) {
            return std::string(1, char(text.size() << 2)) + std::string(text);
        };
        const std::string from = counted(name);
        const std::string to = counted(other);
        for (auto at = bytes.begin();;) {
            at = std::search(at, bytes.end(), from.begin(), from.end());
            if (at == bytes.end()) break;
            at = std::copy(to.begin(), to.end(), at);
        }
        return Metadata::parse(bytes).error().detail;
    };
    CHECK_THAT(refused("Balances", "Multisig"),
               Catch::Contains("pallet \"Multisig\" is there twice"));
    CHECK_THAT(refused("Keys", "Uids"), Catch::Contains("storage item \"Uids\" is there twice"));
    CHECK_THAT(refused("get_dynamic_info", "get_subnet_state"),
               Catch::Contains("SubnetInfoRuntimeApi_get_subnet_state\" is there twice"));
}

TEST_CASE("metadata cut short or with bytes changed never does more than fail") {
    const auto good = tests::recorded_bytes("metadata_v15_opaque.hex.gz");
    std::mt19937 random(17);
    for (int turn = 0; turn < 40; ++turn) {
        const std::size_t length = random() % good.size();
        CHECK_FALSE(Metadata::parse(std::span(good).first(length)).has_value());
        auto bytes = good;
        for (int i = 0; i < 1 + turn % 4; ++i) {
            bytes[random() % bytes.size()] = std::uint8_t(random());
        }
        const auto metadata = Metadata::parse(bytes);
        if (!metadata) continue;
        for (const Pallet& pallet : metadata->pallets) {
            for (const StorageItem& item : pallet.storage) {
                // Whatever became of the type: it ends, and says so.
                const auto value = decode(metadata->types, item.value, item.fallback,
                                          {.depth = 64, .values = 10'000});
                if (!value) CHECK(value.error().code == Errc::malformed);
            }
        }
    }
}

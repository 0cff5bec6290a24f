#include "network/chain/storage_key.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

using namespace network;

namespace {

std::vector<Value> arguments_of(const boost::json::value& entry) {
    std::vector<Value> arguments;
    for (const auto& argument : entry.at("args").as_array()) {
        arguments.push_back(argument.is_string() ? tests::account(argument)
                                                 : Value(tests::number(argument)));
    }
    return arguments;
}

}  // namespace

TEST_CASE("storage keys are the SDK's") {
    const Metadata& metadata = tests::recorded_metadata(15);
    for (const auto& entry : tests::vectors("chain.json").at("storage_keys").as_array()) {
        CAPTURE(tests::text(entry, "pallet"), tests::text(entry, "item"));
        const auto key = storage_key(metadata, tests::text(entry, "pallet"),
                                     tests::text(entry, "item"), arguments_of(entry));
        REQUIRE(key.has_value());
        CHECK(*key == tests::bytes_of(entry.at("key_hex")));
    }
}

TEST_CASE("an absent item is its default, or nothing when it is optional") {
    const Metadata& metadata = tests::recorded_metadata(15);
    for (const auto& entry : tests::vectors("chain.json").at("storage_keys").as_array()) {
        const auto pallet = tests::text(entry, "pallet");
        const auto item = tests::text(entry, "item");
        CAPTURE(pallet, item);
        REQUIRE(metadata.storage(pallet, item) != nullptr);
        CHECK(metadata.storage(pallet, item)->fallback == tests::bytes_of(entry.at("default_hex")));
        const auto value = storage_value(metadata, pallet, item, std::nullopt);
        REQUIRE(value.has_value());
        CHECK(value->has_value() == (tests::text(entry, "modifier") == "Default"));
    }
}

TEST_CASE("recorded reads have the keys and values that the SDK made of them") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& recordings = tests::vectors("chain.json").at("recordings");
    for (const char* name : {"get_uid_for_hotkey_on_subnet", "is_hotkey_registered_on_subnet"}) {
        const auto& entry = recordings.at(name);
        const std::vector<Value> arguments{tests::number(entry.at("netuid")),
                                           tests::account(entry.at("hotkey"))};
        const auto key = storage_key(metadata, "SubtensorModule", "Uids", arguments);
        REQUIRE(key.has_value());
        const auto& answer =
            tests::recorded_result(tests::text(entry, "file"), "state_getStorageAt", to_hex(*key));
        const auto bytes = tests::bytes_of(answer);
        const auto uid = storage_value(metadata, "SubtensorModule", "Uids", bytes);
        REQUIRE(uid.has_value());
        CHECK((uid->value().u128() == tests::number(entry.at("uid"))));
    }
}

TEST_CASE("every recorded read of a subnet's size is what the SDK made of it") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& entry = tests::vectors("chain.json").at("recordings").at("subnetwork_n");
    for (const auto& read : entry.at("storage_reads").as_array()) {
        const auto& key = read.at("params").at(0);
        const std::string storage = tests::text(read, "storage");  // "Pallet.Item(netuid)"
        const auto dot = storage.find('.');
        const auto item = storage.substr(dot + 1, storage.find('(') - dot - 1);
        CAPTURE(storage);
        // The netuid is the key's end, as it is.
        const auto bytes = tests::bytes_of(key);
        const unsigned netuid = bytes[bytes.size() - 2] | bytes.back() << 8;
        const auto made = storage_key(metadata, storage.substr(0, dot), item, {Value(netuid)});
        CHECK(made.value() == bytes);
        const auto answer = tests::bytes_of(read.at("result"));
        const auto value = storage_value(metadata, storage.substr(0, dot), item, answer);
        REQUIRE(value.has_value());
        const auto& expected = read.at("value");
        if (expected.is_bool()) {
            CHECK((*value)->boolean() == expected.as_bool());
        } else {
            CHECK(((*value)->u128() == tests::number(expected)));
        }
    }
}

TEST_CASE("the first argument of two gives the prefix that lists are walked by") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto& entry = tests::vectors("chain.json").at("recordings").at("is_hotkey_registered");
    const auto prefix = storage_key(metadata, "SubtensorModule", "IsNetworkMember",
                                    {tests::account(entry.at("hotkey"))});
    REQUIRE(prefix.has_value());
    CHECK(tests::text(entry, "first_key").starts_with("0x" + to_hex(*prefix)));
}

TEST_CASE("what the runtime does not have is told from what does not fit") {
    const Metadata& metadata = tests::recorded_metadata(15);
    const auto code = [&](const char* item, std::vector<Value> arguments) {
        return storage_key(metadata, "SubtensorModule", item, arguments).error().code;
    };
    CHECK(code("NoSuchItem", {}) == Errc::not_in_runtime);
    CHECK(code("SubnetworkN", {Value(1u), Value(1u)}) == Errc::not_in_runtime);
    CHECK(code("SubnetworkN", {Value(65'536u)}) == Errc::malformed);
    CHECK(code("Uids", {Value(17u), Value(Value::Bytes(31))}) == Errc::malformed);
    const std::vector<std::uint8_t> one_byte{5};
    const auto value = storage_value(metadata, "SubtensorModule", "Uids", one_byte);
    REQUIRE_FALSE(value.has_value());
    CHECK_THAT(value.error().detail, Catch::Contains("SubtensorModule.Uids"));
}

#include "network/chain/hasher.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

using network::hashed;
using network::Hasher;

TEST_CASE("hashes are the SDK's") {
    for (const auto& entry : tests::vectors("chain.json").at("hashes").as_array()) {
        const auto input = tests::hex(entry, "input_hex");
        const auto with_input = [&](const char* field) {
            auto bytes = tests::hex(entry, field);
            bytes.insert(bytes.end(), input.begin(), input.end());
            return bytes;
        };
        CAPTURE(tests::text(entry, "input_hex"));
        CHECK(hashed(Hasher::twox_128, input) == tests::hex(entry, "twox128_hex"));
        CHECK(hashed(Hasher::twox_64_concat, input) == with_input("twox64_seed0_le_hex"));
        CHECK(hashed(Hasher::blake2_128, input) == tests::hex(entry, "blake2b128_hex"));
        CHECK(hashed(Hasher::blake2_128_concat, input) == with_input("blake2b128_hex"));
        CHECK(hashed(Hasher::blake2_256, input) == tests::hex(entry, "blake2b256_hex"));
        CHECK(hashed(Hasher::identity, input) == input);
    }
}

TEST_CASE("twox_256 goes on where twox_128 ends") {
    const std::vector<std::uint8_t> input{1, 2, 3};
    const auto short_one = hashed(Hasher::twox_128, input);
    const auto long_one = hashed(Hasher::twox_256, input);
    REQUIRE(long_one.size() == 32);
    CHECK(std::equal(short_one.begin(), short_one.end(), long_one.begin()));
}

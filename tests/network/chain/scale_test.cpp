#include "network/chain/scale.hpp"

#include "network/errc.hpp"
#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using network::ScaleReader;
using network::ScaleWriter;
using network::Uint128;

namespace {
constexpr Uint128 kAny = ~Uint128(0);
}

TEST_CASE("compact integers of every mode are written and read as the SDK does it") {
    int seen = 0;
    for (const auto& entry : tests::vectors("chain.json").at("scale").as_array()) {
        const auto type = tests::text(entry, "type");
        if (type != "Compact<u64>" && type != "Compact<u128>") continue;
        const auto bytes = tests::bytes_of(entry.at("hex"));
        const Uint128 value = tests::number(entry.at("value"));
        ScaleReader reader(bytes);
        CHECK((reader.compact(kAny) == value));
        reader.finish();
        CHECK(reader.ok());
        ScaleWriter writer;
        writer.compact(value);
        CHECK(writer.written() == bytes);
        ++seen;
    }
    CHECK(seen > 0);
}

TEST_CASE("a compact integer survives at the edges of every width") {
    for (int bit = 0; bit < 128; ++bit) {
        for (const Uint128 value : {(Uint128(1) << bit) - 1, Uint128(1) << bit}) {
            ScaleWriter writer;
            writer.compact(value);
            ScaleReader reader(writer.written());
            CHECK((reader.compact(kAny) == value));
            CHECK(reader.remaining() == 0);
        }
    }
}

TEST_CASE("a compact integer is refused when cut short, too large, or longer than need be") {
    for (const auto& entry : tests::vectors("chain.json").at("scale_invalid").as_array()) {
        if (tests::text(entry, "type") != "Compact<u64>") continue;
        CAPTURE(tests::text(entry, "why"));
        const auto bytes = tests::bytes_of(entry.at("hex"));
        ScaleReader reader(bytes);
        CHECK((reader.compact(std::numeric_limits<std::uint64_t>::max()) == 0));
        CHECK_FALSE(reader.ok());
        CHECK(reader.error().code == network::Errc::malformed);
    }
    const std::vector<std::uint8_t> seventeen_bytes(18, 0x37);
    ScaleReader reader(seventeen_bytes);
    reader.compact(kAny);
    CHECK_THAT(reader.error().detail, Catch::Contains("17 bytes"));
}

TEST_CASE("a length that the rest cannot hold is refused") {
    const std::vector<std::uint8_t> three_promised{0x0c, 1, 2, 3};
    CHECK(ScaleReader(three_promised).length(1) == 3);
    ScaleReader reader(three_promised);
    CHECK(reader.length(2) == 0);
    CHECK_THAT(reader.error().detail, Catch::Contains("3 elements promised, 3 bytes left"));
    const std::vector<std::uint8_t> four_billion{0x03, 0xff, 0xff, 0xff, 0xff};
    CHECK(ScaleReader(four_billion).length(0) == 0);
}

TEST_CASE("the first failure is kept, and nothing is read after it") {
    const std::vector<std::uint8_t> bytes{2, 1, 0, 0, 0};
    ScaleReader reader(bytes);
    reader.boolean();
    CHECK(reader.u32() == 0);
    CHECK(reader.bytes(1).empty());
    reader.inside("port");
    reader.inside("axon_info");
    CHECK(reader.error().detail == "axon_info.port: a truth value of 2 (at byte 1 of 5)");
}

TEST_CASE("text must be UTF-8 in its shortest form") {
    CHECK(network::is_utf8("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"));
    CHECK(network::is_utf8("\xf4\x8f\xbf\xbf"));
    for (const char* broken : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                               "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"}) {
        CHECK_FALSE(network::is_utf8(broken));
    }
}

#include "network/chain/axon_address.hpp"

#include "tests/network/chain/chain_vectors.hpp"
#include "tests/support/catch.hpp"

using network::axon_address;
using network::AxonEntry;
using network::Uint128;
using State = network::AxonAddress::State;

namespace {

Uint128 ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
    return a << 24 | b << 16 | c << 8 | d;
}
Uint128 ipv6(std::uint64_t high, std::uint64_t low) { return Uint128(high) << 64 | low; }

State state(Uint128 ip, std::uint64_t type) { return axon_address({ip, type, 8091}, false).state; }

}  // namespace

TEST_CASE("addresses are written as the SDK writes them") {
    for (const auto& entry : tests::vectors("chain.json").at("axon_info").as_array()) {
        CAPTURE(tests::text(entry, "note"));
        const auto& value = entry.at("value");
        const auto address = axon_address(
            {tests::number(value.at("ip")), std::uint64_t(tests::number(value.at("ip_type"))),
             std::uint64_t(tests::number(value.at("port")))},
            false);
        if (const auto* text = tests::find(entry, "ip_text")) {
            std::string expected(text->as_string());
            // We reach it by IPv4.
            if (expected.starts_with("::ffff:")) expected.erase(0, 7);
            CHECK(address.state == State::usable);
            CHECK(address.host == expected);
            CHECK(address.port == tests::number(value.at("port")));
        } else {
            CHECK(address.state != State::usable);
        }
    }
}

TEST_CASE("without address or port there is no axon") {
    CHECK(axon_address({0, 4, 8091}, true).state == State::none);
    CHECK(axon_address({ipv4(8, 8, 8, 8), 4, 0}, true).state == State::none);
}

TEST_CASE("private, loopback and link-local addresses are refused unless allowed") {
    for (const AxonEntry& entry :
         {AxonEntry{ipv4(127, 0, 0, 1), 4, 8091}, AxonEntry{ipv4(10, 1, 2, 3), 4, 8091},
          AxonEntry{ipv4(172, 31, 255, 255), 4, 8091}, AxonEntry{ipv4(192, 168, 0, 1), 4, 8091},
          AxonEntry{ipv4(169, 254, 169, 254), 4, 80}, AxonEntry{ipv4(100, 64, 0, 1), 4, 8091},
          AxonEntry{ipv6(0, 1), 6, 8091}, AxonEntry{ipv6(0xfe80000000000000, 1), 6, 8091},
          AxonEntry{ipv6(0xfd00000000000000, 1), 6, 8091},
          AxonEntry{ipv6(0, 0xffff7f000001), 6, 8091},
          AxonEntry{ipv6(0x0064ff9b00000000, 0x7f000001), 6, 8091},
          AxonEntry{ipv6(0x20027f0000010000, 1), 6, 8091}}) {
        const auto refused = axon_address(entry, false);
        CAPTURE(refused.host);
        CHECK(refused.state == State::refused);
        CHECK(axon_address(entry, true).state == State::usable);
    }
    CHECK(axon_address({ipv6(0, 0xffff7f000001), 6, 1}, true).host == "127.0.0.1");
    for (const Uint128 near : {ipv4(126, 255, 255, 255), ipv4(128, 0, 0, 0), ipv4(172, 32, 0, 0),
                               ipv4(172, 15, 0, 0), ipv4(100, 128, 0, 0), ipv4(192, 167, 0, 0)}) {
        CHECK(state(near, 4) == State::usable);
    }
    CHECK(state(ipv6(0x20010db800000000, 0x17), 6) == State::usable);
}

TEST_CASE("what is no address of anybody is invalid, also when private ones are allowed") {
    for (const AxonEntry& entry :
         {AxonEntry{ipv4(224, 0, 0, 1), 4, 8091}, AxonEntry{ipv4(255, 255, 255, 255), 4, 8091},
          AxonEntry{ipv4(0, 0, 0, 1), 4, 8091}, AxonEntry{ipv6(0xff02000000000000, 1), 6, 8091},
          AxonEntry{ipv4(8, 8, 8, 8), 5, 8091}, AxonEntry{ipv6(1, 0), 4, 8091},
          AxonEntry{ipv4(8, 8, 8, 8), 4, 65'536}}) {
        CHECK(axon_address(entry, true).state == State::invalid);
    }
}

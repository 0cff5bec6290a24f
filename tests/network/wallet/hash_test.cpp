#include "network/wallet/hash.hpp"

#include "network/hex.hpp"
#include "tests/support/catch.hpp"

#include <string_view>

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("SHA3-256 is that of FIPS 202") {
    CHECK(network::to_hex(network::sha3_256({})) ==
          "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    CHECK(network::to_hex(network::sha3_256(bytes("abc"))) ==
          "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
}

TEST_CASE("BLAKE2b is that of RFC 7693") {
    CHECK(network::to_hex(network::blake2b_512(bytes("abc"))) ==
          "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
          "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

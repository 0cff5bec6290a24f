#include "network/wallet/nonce_point.hpp"

#include "network/wallet/schnorr.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <random>
#include <string>
#include <vector>

using network::PublicKey;
using network::schnorr::nonce_point;
using network::schnorr::nonce_point_by_sodium;
using Bytes32 = std::array<std::uint8_t, 32>;

namespace {

Bytes32 hex32(const std::string& text) { return tests::exactly<32>(tests::from_hex(text)); }

// Below L, and as good as any.
Bytes32 random_scalar(std::mt19937_64& random) {
    std::array<std::uint8_t, 64> wide;
    for (auto& byte : wide) byte = std::uint8_t(random());
    const auto reduced = network::schnorr::reduce(wide);
    Bytes32 scalar;
    std::copy(reduced.bytes().begin(), reduced.bytes().end(), scalar.begin());
    return scalar;
}

const auto kOrder = hex32("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
const auto kOne = hex32("0100000000000000000000000000000000000000000000000000000000000000");

}  // namespace

TEST_CASE("the nonce's point is the same by both libraries") {
    std::mt19937_64 random(5);
    for (int i = 0; i < 300; ++i) {
        const auto key = network::schnorr::public_key(random_scalar(random)).value();
        const auto c = random_scalar(random), s = random_scalar(random);
        const auto point = nonce_point(key, c, s);
        REQUIRE(point);
        CHECK(point == nonce_point_by_sodium(key, c, s));
    }
}

TEST_CASE("the nonce's point is that of the formula for scalars at the edges") {
    std::mt19937_64 random(6);
    auto most = kOrder;
    --most[0];
    for (const auto& c : {kOne, most})
        for (const auto& s : {kOne, most}) {
            const auto key = network::schnorr::public_key(random_scalar(random)).value();
            CHECK(nonce_point(key, c, s) == nonce_point_by_sodium(key, c, s));
        }
    // B - B: the identity, whose encoding is zeros.
    const auto base = network::schnorr::public_key(kOne).value();
    CHECK(nonce_point(base, kOne, kOne) == Bytes32{});
    CHECK(nonce_point_by_sodium(base, kOne, kOne) == Bytes32{});
}

TEST_CASE("zeros have no nonce's point, by either library") {
    std::mt19937_64 random(7);
    const auto key = network::schnorr::public_key(random_scalar(random)).value();
    const auto scalar = random_scalar(random);
    for (const auto& by : {nonce_point, nonce_point_by_sodium}) {
        CHECK_FALSE(by(key, scalar, Bytes32{}));
        CHECK_FALSE(by(key, Bytes32{}, scalar));
        CHECK_FALSE(by(PublicKey{}, scalar, scalar));
    }
}

// RFC 9496, A.3.
TEST_CASE("what is no canonical encoding of a point is no key, by either library") {
    std::mt19937_64 random(8);
    const auto scalar = random_scalar(random);
    for (const auto* encoding :
         {// Non-canonical field encodings.
          "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          // Negative field elements.
          "0100000000000000000000000000000000000000000000000000000000000000",
          "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
          "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
          "c940e5a4404157cfb1628b108db051a8d439e1a421394ec4ebccb9ec92a8ac78",
          "47cfc5497c53dc8e61c91d17fd626ffb1c49e2bca94eed052281b510b1117a24",
          "f1c6165d33367351b0da8f6e4511010c68174a03b6581212c71c0e1d026c3c72",
          "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
          // Non-square x^2.
          "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
          "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
          "de6a7b00deadc788eb6b6c8d20c0ae96c2f2019078fa604fee5b87d6e989ad7b",
          "bcab477be20861e01e4a0e295284146a510150d9817763caf1a6f4b422d67042",
          "2a292df7e32cababbd9de088d1d1abec9fc0440f637ed2fba145094dc14bea08",
          "f4a9e534fc0d216c44b218fa0c42d99635a0127ee2e53c712f70609649fdff22",
          "8268436f8c4126196cf64b3c7ddbda90746a378625f9813dd9b8457077256731",
          "2810e5cbc2cc4d4eece54f61c6f69758e289aa7ab440b3cbeaa21995c2f4232b",
          // Negative x y.
          "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
          "a45fdc55c76448c049a1ab33f17023edfb2be3581e9c7aade8a6125215e04220",
          "d483fe813c6ba647ebbfd3ec41adca1c6130c2beeee9d9bf065c8d151c5f396e",
          "8a2e1d30050198c65a54483123960ccc38aef6848e1ec8f5f780e8523769ba32",
          "32888462f8b486c68ad7dd9610be5192bbeaf3b443951ac1a8118419d9fa097b",
          "227142501b9d4355ccba290404bde41575b037693cef1f438c47f8fbf35d1165",
          "5c37cc491da847cfeb9281d407efc41e15144c876e0170b499a96a22ed31e01e",
          "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
          // s = -1, which causes y = 0.
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
        INFO(encoding);
        CHECK_FALSE(nonce_point(hex32(encoding), scalar, scalar));
        CHECK_FALSE(nonce_point_by_sodium(hex32(encoding), scalar, scalar));
    }
}

TEST_CASE("a signature whose scalar is not reduced is void") {
    const auto key = network::Keypair::from_seed(network::Secret<32>(hex32(std::string(64, '7'))));
    auto signature = key.sign("message");
    REQUIRE(network::verify(key.public_key(), "message", signature));
    // The same number, L more: of 253 bits, below the mark.
    unsigned carry = 0;
    signature.back() &= 0x7f;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += signature[32 + i] + kOrder[i];
        signature[32 + i] = std::uint8_t(carry);
        carry >>= 8;
    }
    REQUIRE(signature.back() < 0x80);
    signature.back() |= 0x80;
    CHECK_FALSE(network::verify(key.public_key(), "message", signature));
}

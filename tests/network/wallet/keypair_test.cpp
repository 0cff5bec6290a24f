#include "network/wallet/keypair.hpp"

#include "network/errc.hpp"
#include "network/wallet/schnorr.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

#include <set>
#include <thread>

using network::Keypair;
using network::Secret;

namespace {

template <std::size_t N>
Secret<N> secret(const std::vector<std::uint8_t>& bytes) {
    return Secret<N>(tests::exactly<N>(bytes));
}

Keypair alice() {
    return Keypair::from_seed(secret<32>(
        tests::from_hex("e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a")));
}

const boost::json::array& section(std::string_view name) {
    return tests::vectors("sr25519.json").at(name).as_array();
}

}  // namespace

TEST_CASE("a mini secret expands to the key that the SDK makes of it") {
    for (const auto& entry : section("expansion")) {
        CAPTURE(tests::text(entry, "note"));
        const auto seed = secret<32>(tests::hex(entry, "seed_hex"));
        const auto expanded = network::schnorr::expand(seed);
        CHECK(tests::exactly<64>({expanded.bytes().begin(), expanded.bytes().end()}) ==
              tests::exactly<64>(tests::hex(entry, "secret64_hex")));
        const Keypair key = Keypair::from_seed(seed);
        CHECK(key.public_key() == tests::exactly<32>(tests::hex(entry, "public_hex")));
        CHECK(key.address() == tests::text(entry, "ss58"));

        const auto same = Keypair::from_private_key(secret<64>(tests::hex(entry, "secret64_hex")));
        REQUIRE(same.has_value());
        CHECK(same->public_key() == key.public_key());
        const auto ed25519 =
            Keypair::from_private_key(secret<64>(tests::hex(entry, "secret64_ed25519_form_hex")));
        if (ed25519) CHECK(ed25519->public_key() != key.public_key());
    }
}

TEST_CASE("signatures are judged as the SDK judges them") {
    for (const auto& entry : section("cases")) {
        CAPTURE(tests::text(entry, "note"));
        const auto signature = tests::hex(entry, "signature_hex");
        const auto* valid = tests::find(entry, "valid");
        REQUIRE(valid != nullptr);
        if (signature.size() != 64) {  // does not fit the type
            CHECK_FALSE((valid->is_bool() && valid->as_bool()));
            continue;
        }
        CHECK(network::verify(tests::exactly<32>(tests::hex(entry, "public_hex")),
                              tests::hex(entry, "message_hex"),
                              tests::exactly<64>(signature)) == valid->as_bool());
    }
}

TEST_CASE("a signature over the wrapped message is not one over the message") {
    for (const auto& entry : section("wrapping")) {
        CHECK(network::verify(tests::exactly<32>(tests::hex(entry, "public_hex")),
                              tests::hex(entry, "message_hex"),
                              tests::exactly<64>(tests::hex(entry, "signature_hex"))) ==
              entry.at("strict_sr25519_verify").as_bool());
    }
}

TEST_CASE("with the nonce given, the signature comes out byte for byte") {
    for (const auto& entry : section("deterministic")) {
        const auto key = network::schnorr::expand(secret<32>(tests::hex(entry, "seed_hex")));
        const auto public_key = tests::exactly<32>(tests::hex(entry, "public_hex"));
        const auto r = secret<32>(tests::hex(entry, "r_scalar_hex"));
        CHECK(network::schnorr::sign(key.bytes(), public_key, tests::hex(entry, "message_hex"),
                                     r) == tests::exactly<64>(tests::hex(entry, "signature_hex")));
    }
}

TEST_CASE("our own signatures verify, and differ each time") {
    const Keypair key = alice();
    std::set<network::Signature> seen;
    for (const std::string& message :
         {std::string(), std::string("a"), std::string(1 << 18, 'x')}) {
        for (int i = 0; i < 8; ++i) {
            const auto signature = key.sign(message);
            CHECK(network::verify(key.public_key(), message, signature));
            CHECK_FALSE(network::verify(key.public_key(), message + "!", signature));
            CHECK(seen.insert(signature).second);
        }
    }
}

TEST_CASE("any flipped bit makes a signature void") {
    const Keypair key = alice();
    const auto signature = key.sign("message");
    for (int bit = 0; bit < 512; ++bit) {
        auto broken = signature;
        broken[bit / 8] ^= std::uint8_t(1 << bit % 8);
        CAPTURE(bit);
        CHECK_FALSE(network::verify(key.public_key(), "message", broken));
    }
}

TEST_CASE("the identity is nobody's key") {
    const network::PublicKey identity{};
    network::Signature signature{};
    signature.back() = 0x80;
    CHECK_FALSE(network::verify(identity, "message", signature));
    // R = 1 B, s = 1: what schnorrkel's equation alone would let pass for any message.
    const auto base = network::schnorr::public_key(tests::exactly<32>(
        tests::from_hex("0100000000000000000000000000000000000000000000000000000000000000")));
    std::copy(base->begin(), base->end(), signature.begin());
    signature[32] = 1;
    CHECK_FALSE(network::verify(identity, "message", signature));
}

TEST_CASE("a private key whose scalar is not reduced, or is zero, is refused") {
    for (const char* scalar :
         {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",  // L
          "0000000000000000000000000000000000000000000000000000000000000000"}) {
        const auto key =
            Keypair::from_private_key(secret<64>(tests::from_hex(scalar + std::string(64, '7'))));
        REQUIRE_FALSE(key.has_value());
        CHECK(key.error().code == network::Errc::bad_key_file);
        CHECK(key.error().message().find("7777") == std::string::npos);
    }
    const auto largest = Keypair::from_private_key(secret<64>(
        tests::from_hex("ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010" +
                        std::string(64, '7'))));
    CHECK(largest.has_value());
}

TEST_CASE("many threads may sign with one key") {
    const Keypair key = alice();
    std::vector<network::Signature> signatures(4);
    std::vector<std::thread> threads;
    for (auto& signature : signatures) {
        threads.emplace_back([&] { signature = key.sign("together"); });
    }
    for (auto& thread : threads) thread.join();
    for (const auto& signature : signatures) {
        CHECK(network::verify(key.public_key(), "together", signature));
    }
}

TEST_CASE("ed25519 keys sign as RFC 8032 has it") {
    const auto key = Keypair::from_ed25519_seed(secret<32>(
        tests::from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
    CHECK(key.scheme() == network::Scheme::ed25519);
    CHECK(key.public_key() ==
          tests::exactly<32>(
              tests::from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")));
    const auto signature = key.sign("\x72");
    CHECK(signature == tests::exactly<64>(tests::from_hex(
                           "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                           "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")));
    CHECK(network::verify(key.scheme(), key.public_key(), "\x72", signature));
    CHECK_FALSE(network::verify(key.scheme(), key.public_key(), "\x73", signature));
}

TEST_CASE("a signature holds under its own scheme only") {
    const auto seed = secret<32>(std::vector<std::uint8_t>(32, 0x22));
    for (const auto& key : {Keypair::from_seed(seed), Keypair::from_ed25519_seed(seed)}) {
        const auto signature = key.sign("message");
        for (const auto scheme : {network::Scheme::sr25519, network::Scheme::ed25519})
            CHECK(network::verify(scheme, key.public_key(), "message", signature) ==
                  (scheme == key.scheme()));
    }
}

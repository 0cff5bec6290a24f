#include "config/digest.hpp"

#include "tests/support/catch.hpp"

TEST_CASE("sha256 gives the published digests") {
    // FIPS 180-4, examples.
    CHECK(config::sha256(std::string_view()) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(config::sha256("abc") ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(config::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("a digest of pieces is that of the whole") {
    config::Digest sha256(config::Digest::Kind::sha256);
    for (const auto* piece : {"abcdbcdecdef", "", "defgefghfghighijhijkijkljklmklmnlmnomnopnopq"})
        sha256.add(piece);
    CHECK(sha256.hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    config::Digest sha1(config::Digest::Kind::sha1);
    sha1.add("abc");
    CHECK(sha1.hex() == "a9993e364706816aba3e25717850c26c9cd0d89d");
}

#include "network/wallet/transcript.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/vectors.hpp"

TEST_CASE("challenges are those of merlin") {
    for (const auto& entry : tests::vectors("sr25519.json").at("merlin").as_array()) {
        network::Transcript transcript(tests::text(entry, "label"));
        for (const auto& append : entry.at("appends").as_array()) {
            const auto& pair = append.as_array();
            transcript.append(std::string_view(pair.at(0).as_string()),
                              tests::from_hex(pair.at(1).as_string()));
        }
        const auto expected = tests::hex(entry, "challenge_hex");
        std::vector<std::uint8_t> challenge(expected.size());
        transcript.challenge(tests::text(entry, "challenge_label"), challenge);
        CHECK(challenge == expected);
    }
}

TEST_CASE("a second challenge depends on the first") {
    std::array<std::uint8_t, 32> first, second, alone;
    network::Transcript transcript("test"), other("test");
    transcript.challenge("c", first);
    transcript.challenge("c", second);
    other.challenge("c", alone);
    CHECK(first == alone);
    CHECK(first != second);
}

TEST_CASE("labels and messages do not run into one another") {
    const auto challenge = [](std::string_view label, std::string_view message) {
        network::Transcript transcript("test");
        transcript.append(label, message);
        std::array<std::uint8_t, 16> out;
        transcript.challenge("c", out);
        return out;
    };
    CHECK(challenge("ab", "c") != challenge("a", "bc"));
    CHECK(challenge("", "x") != challenge("x", ""));
}

TEST_CASE("messages longer than many blocks go through") {
    network::Transcript whole("test");
    whole.append("m", std::string(166 * 3, 'z'));
    network::Transcript shorter("test");
    shorter.append("m", std::string(166 * 3 - 1, 'z'));
    std::array<std::uint8_t, 400> a, b;  // more than two blocks out
    whole.challenge("c", a);
    shorter.challenge("c", b);
    CHECK(a != b);
}

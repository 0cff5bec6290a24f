#include "network/subnet/btauth.hpp"

#include "tests/network/subnet/btauth_cases.hpp"
#include "tests/support/catch.hpp"

#include <limits>

using network::AuthFault;
using network::AuthRefusal;
using network::BtauthHead;
using network::Scheme;

namespace {

constexpr std::int64_t kNow = 1'795'500'000'000'000'000;

network::ServerRequest signed_request(const network::Keypair& key, std::string_view receiver) {
    network::ServerRequest request;
    request.method = "POST";
    request.target = "/generate?x=1";
    request.body = "body";
    request.headers =
        network::btauth_headers(key, receiver, request.method, request.target, request.body, kNow);
    return request;
}

void set(network::HttpHeaders& headers, std::string_view name, std::string value) {
    std::erase_if(headers, [&](const auto& h) { return network::same_header_name(h.first, name); });
    headers.emplace_back(name, std::move(value));
}

}  // namespace

TEST_CASE("the signed bytes are those of the SDK") {
    for (const auto& entry : tests::vectors("btauth.json").at("payloads").as_array()) {
        const auto body = tests::base64(entry, "body_base64");
        const auto* receiver = tests::find(entry, "receiver");
        const auto scheme =
            tests::text(entry, "scheme") == "ed25519" ? Scheme::ed25519 : Scheme::sr25519;
        CHECK(network::btauth_text(scheme, tests::text(entry, "method"), tests::text(entry, "path"),
                                   std::string(body.begin(), body.end()),
                                   std::to_string(entry.at("nonce_ns").to_number<std::uint64_t>()),
                                   tests::text(entry, "sender"),
                                   receiver ? std::string_view(receiver->as_string()) : "") ==
              tests::text(entry, "payload"));
    }
}

TEST_CASE("what we sign can be read and holds, under either scheme, bound or not") {
    const auto seed = network::Secret<32>(std::array<std::uint8_t, 32>{7});
    for (const auto& key :
         {network::Keypair::from_seed(seed), network::Keypair::from_ed25519_seed(seed)}) {
        for (const std::string& receiver : {std::string(), tests::btauth_key("miner").address()}) {
            auto request = signed_request(key, receiver);
            const auto read = network::read_btauth(request.headers);
            const auto& head = std::get<BtauthHead>(read);
            CHECK(head.hotkey == key.address());
            CHECK(head.scheme == key.scheme());
            CHECK(head.receiver == receiver);
            CHECK(head.nonce_ns == kNow);
            CHECK(network::holds(head, request));
            request.body += " ";
            CHECK_FALSE(network::holds(head, request));
        }
    }
}

TEST_CASE("a header twice is refused: two readers would read two requests") {
    for (const char* name : {"x-bittensor-version", "X-Bittensor-Hotkey", "X-Bittensor-Receiver",
                             "X-Bittensor-Nonce", "X-Bittensor-Signature"}) {
        auto request = signed_request(tests::btauth_key("validator"), "r");
        const std::string value(network::find_header(request.headers, name).value());
        request.headers.emplace_back(name, value);
        const auto read = network::read_btauth(request.headers);
        REQUIRE(std::holds_alternative<AuthRefusal>(read));
        CHECK(std::get<AuthRefusal>(read).fault == AuthFault::malformed);
    }
}

TEST_CASE("a nonce is decimal digits; beyond 64 bits it is as far away as can be") {
    auto headers = signed_request(tests::btauth_key("validator"), "").headers;
    for (const char* text : {"", " 1", "1 ", "+1", "1_000", "0x1", "1.5", "-", "1e9"}) {
        set(headers, "X-Bittensor-Nonce", text);
        CHECK(std::holds_alternative<AuthRefusal>(network::read_btauth(headers)));
    }
    set(headers, "X-Bittensor-Nonce", std::string(100, '9'));
    CHECK(std::get<BtauthHead>(network::read_btauth(headers)).nonce_ns ==
          std::numeric_limits<std::int64_t>::max());
    set(headers, "X-Bittensor-Nonce", "-" + std::string(100, '9'));
    CHECK(std::get<BtauthHead>(network::read_btauth(headers)).nonce_ns ==
          std::numeric_limits<std::int64_t>::min());
}

#include "network/subnet/verify.hpp"

#include "network/hex.hpp"
#include "network/subnet/btauth.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/network/http/raw_message.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/subnet/btauth_cases.hpp"
#include "tests/support/catch.hpp"

#include <map>

using namespace std::chrono_literals;
using network::AuthFault;
using network::AuthRefusal;
using network::Caller;
using network::ServerRequest;
using network::Verifier;
using Answer = std::variant<Caller, AuthRefusal>;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'795'500'000 * kSecond;

// What went wrong; nothing for an accepted request.
std::optional<AuthFault> fault(const Answer& answer) {
    const auto* refusal = std::get_if<AuthRefusal>(&answer);
    return refusal ? std::optional(refusal->fault) : std::nullopt;
}

Verifier::Options open_to_all() {
    return {.receiver = tests::text(boost::json::value(tests::vectors("btauth.json")), "receiver")};
}

ServerRequest btauth(const network::Keypair& key, std::int64_t nonce_ns,
                     const std::string& receiver = open_to_all().receiver) {
    ServerRequest request;
    request.method = "POST";
    request.target = "/generate";
    request.body = "{}";
    request.headers = network::btauth_headers(key, receiver, "POST", "/generate", "{}", nonce_ns);
    return request;
}

// A request as a dendrite signs it, to the validator of the recordings.
struct DendriteCall {
    network::Keypair key = tests::miner_key();
    std::int64_t nonce = kNow;
    std::string uuid = "u", timeout = "12.0", hash = network::empty_body_hash();
    std::string receiver = tests::validator_key().address();

    ServerRequest request() const {
        const auto text =
            std::to_string(nonce) + "." + key.address() + "." + receiver + "." + uuid + "." + hash;
        ServerRequest request;
        request.method = "POST";
        request.target = "/PullTask";
        request.headers = {{"timeout", timeout},
                           {"bt_header_dendrite_version", "9009000"},
                           {"bt_header_dendrite_nonce", std::to_string(nonce)},
                           {"bt_header_dendrite_uuid", uuid},
                           {"bt_header_dendrite_hotkey", key.address()},
                           {"bt_header_dendrite_signature", "0x" + network::to_hex(key.sign(text))},
                           {"computed_body_hash", hash}};
        return request;
    }
};

Verifier::Options dendrite_server() { return {.receiver = tests::validator_key().address()}; }

}  // namespace

TEST_CASE("each recorded request has the outcome that it has with the SDK") {
    const std::map<std::string, AuthFault> kFaults{{"MalformedAuth", AuthFault::malformed},
                                                   {"WrongReceiver", AuthFault::wrong_receiver},
                                                   {"StaleRequest", AuthFault::stale},
                                                   {"BadSignature", AuthFault::bad_signature},
                                                   {"ReplayedRequest", AuthFault::replayed}};
    for (const auto& entry : tests::vectors("btauth.json").at("cases").as_array()) {
        CAPTURE(tests::text(entry, "what"));
        auto options = open_to_all();
        const auto* bound = tests::find(entry, "require_receiver");
        options.allow_unbound = bound != nullptr && !bound->as_bool();
        Verifier verifier(std::move(options));
        const auto answer =
            verifier.verify(tests::btauth_request(entry), entry.at("now_ns").as_int64());
        if (entry.at("accepted").as_bool()) {
            REQUIRE_FALSE(fault(answer));
            const auto& caller = std::get<Caller>(answer);
            CHECK(caller.hotkey == tests::text(entry, "hotkey"));
            CHECK(caller.nonce_ns == entry.at("nonce_ns").as_int64());
            CHECK(int(caller.scheme) == entry.at("crypto_type").as_int64());
            CHECK(caller.protocol == Caller::Protocol::btauth);
            continue;
        }
        REQUIRE(fault(answer));
        const auto expected = kFaults.at(tests::text(entry, "error"));
        // Nonces with blanks or underscores are numbers to the SDK and none to us.
        const auto request = tests::btauth_request(entry);
        const auto nonce = network::find_header(request.headers, "X-Bittensor-Nonce");
        const bool lax = nonce && nonce->find_first_of(" _") != nonce->npos;
        CHECK(*fault(answer) == (lax ? AuthFault::malformed : expected));
    }
}

TEST_CASE("the recorded replay has the outcomes that it has with the SDK") {
    const auto& replay = tests::vectors("btauth.json").at("replay");
    Verifier verifier(open_to_all());
    const auto sender = tests::btauth_key("validator");
    const auto other = tests::btauth_key("other");
    const auto bad = [&](std::int64_t nonce) {
        auto request = btauth(sender, nonce);
        request.headers.back() = btauth(other, nonce).headers.back();
        return request;
    };
    const std::int64_t n = 1'795'499'999'000'000'000, m = n + 5;
    const std::vector<ServerRequest> requests{btauth(sender, n), btauth(sender, n),
                                              btauth(sender, n - 1), bad(m), btauth(sender, m)};
    const auto& outcomes = replay.at("outcomes").as_array();
    REQUIRE(outcomes.size() == requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto found = fault(verifier.verify(requests[i], kNow));
        CHECK(found.has_value() != outcomes[i].at("accepted").as_bool());
        if (const auto* error = tests::find(outcomes[i], "error"))
            CHECK(*found ==
                  (*error == "ReplayedRequest" ? AuthFault::replayed : AuthFault::bad_signature));
    }
}

TEST_CASE("what was accepted before a restart is refused after it") {
    const auto sender = tests::btauth_key("validator");
    // Signed as far ahead as is taken, the worst case.
    const auto request = btauth(sender, kNow + 2 * kSecond);
    const auto call = DendriteCall{.nonce = kNow + 2 * kSecond}.request();
    CHECK_FALSE(fault(Verifier(open_to_all()).verify(request, kNow)));
    CHECK_FALSE(fault(Verifier(dendrite_server()).verify(call, kNow)));

    const auto restarted = kNow + kSecond / 2;
    auto options = open_to_all();
    options.floor_ns = Verifier::start_floor(restarted, options.ahead);
    Verifier verifier(options);
    CHECK(fault(verifier.verify(request, restarted + 1)) == AuthFault::stale);
    CHECK_FALSE(
        fault(verifier.verify(btauth(sender, restarted + 3 * kSecond), restarted + 3 * kSecond)));

    auto server = dendrite_server();
    server.floor_ns = Verifier::start_floor(restarted, server.ahead);
    Verifier older(server);
    CHECK(fault(older.verify(call, restarted + 1)) == AuthFault::stale);
    CHECK_FALSE(fault(older.verify(DendriteCall{.nonce = restarted + 3 * kSecond}.request(),
                                   restarted + 3 * kSecond)));
}

TEST_CASE("the newest nonce outlasts a clock that steps back over a restart") {
    const auto sender = tests::btauth_key("validator");
    const auto request = btauth(sender, kNow);
    Verifier before(open_to_all());
    CHECK(before.newest_nonce_ns() == 0);
    CHECK_FALSE(fault(before.verify(request, kNow)));
    auto options = open_to_all();
    const auto started = kNow - 5 * kSecond;
    options.floor_ns =
        std::max(Verifier::start_floor(started, options.ahead), before.newest_nonce_ns());
    CHECK(fault(Verifier(options).verify(request, started + 4 * kSecond)) == AuthFault::stale);
}

TEST_CASE("memory for nonces is bounded: what does not fit is refused, and time makes room") {
    auto options = open_to_all();
    options.nonces = {.all = 3, .each = 2};
    Verifier verifier(options);
    const auto first = tests::btauth_key("validator"), second = tests::btauth_key("other");
    CHECK_FALSE(fault(verifier.verify(btauth(first, kNow), kNow)));
    CHECK_FALSE(fault(verifier.verify(btauth(first, kNow + 1), kNow)));
    CHECK(fault(verifier.verify(btauth(first, kNow + 2), kNow)) == AuthFault::busy);
    CHECK(fault(verifier.verify(btauth(first, kNow), kNow)) == AuthFault::replayed);
    CHECK_FALSE(fault(verifier.verify(btauth(second, kNow), kNow)));
    CHECK(fault(verifier.verify(btauth(second, kNow + 1), kNow)) == AuthFault::busy);
    const auto later = kNow + 11 * kSecond;
    CHECK_FALSE(fault(verifier.verify(btauth(first, later), later)));
}

TEST_CASE("permit, stake and lists decide who is served, before the signature is looked at") {
    const auto key = tests::btauth_key("validator");
    std::optional<Verifier::Standing> standing;
    auto options = open_to_all();
    options.standing = [&](const std::string& hotkey) {
        CHECK(hotkey == key.address());
        return standing;
    };
    options.min_stake = 1000;
    std::int64_t nonce = kNow;
    const auto served = [&](const Verifier::Options& with) {
        const auto answer = Verifier(with).verify(btauth(key, ++nonce), kNow + kSecond);
        if (const auto* refusal = std::get_if<AuthRefusal>(&answer))
            CHECK(refusal->status() == 403);
        return !fault(answer);
    };
    CHECK_FALSE(served(options));
    standing = Verifier::Standing{.permit = false, .stake = 5000};
    CHECK_FALSE(served(options));
    standing = Verifier::Standing{.permit = true, .stake = 999};
    CHECK_FALSE(served(options));
    standing = Verifier::Standing{.permit = true, .stake = 1000};
    CHECK(served(options));
    standing = Verifier::Standing{.permit = false, .stake = 1000};
    options.need_permit = false;
    CHECK(served(options));
    standing.reset();
    options.allow = {key.address()};
    CHECK(served(options));
    options.deny = {key.address()};
    CHECK_FALSE(served(options));

    auto unsigned_request = btauth(key, kNow);
    unsigned_request.headers.back().second = "0x" + std::string(128, '0');
    CHECK(fault(Verifier(options).verify(unsigned_request, kNow)) == AuthFault::not_allowed);
}

TEST_CASE("a request that is not signed at all is refused") {
    CHECK(fault(Verifier(open_to_all()).verify({}, kNow)) == AuthFault::malformed);
    auto options = dendrite_server();
    options.allow_dendrite = false;
    CHECK(fault(Verifier(options).verify(DendriteCall{}.request(), kNow)) == AuthFault::malformed);
}

TEST_CASE("recorded requests of a real dendrite are verified") {
    int checked = 0;
    for (const auto& response : tests::vectors("dendrite.json").at("responses").as_array()) {
        if (!tests::find(response, "request_raw_base64")) continue;
        const auto name = tests::text(response, "case");
        if (!name.starts_with("success")) continue;
        const auto bytes = tests::base64(response, "request_raw_base64");
        const auto request = tests::parse_request({bytes.begin(), bytes.end()});
        const auto nonce = std::stoll(
            std::string(network::find_header(request.headers, "bt_header_dendrite_nonce").value()));
        INFO(name);
        Verifier verifier(dendrite_server());
        const auto answer = verifier.verify(request, nonce + kSecond);
        REQUIRE_FALSE(fault(answer));
        CHECK(std::get<Caller>(answer).hotkey == tests::miner_key().address());
        CHECK(std::get<Caller>(answer).protocol == Caller::Protocol::dendrite);
        CHECK(fault(verifier.verify(request, nonce + kSecond)) == AuthFault::replayed);
        ++checked;
    }
    CHECK(checked >= 3);
}

TEST_CASE("the older headers: nonces grow for each uuid and are neither old nor from the future") {
    Verifier verifier(dendrite_server());
    const auto at = [&](DendriteCall call, std::int64_t now_ns) {
        return fault(verifier.verify(call.request(), now_ns));
    };
    CHECK_FALSE(at({}, kNow));
    CHECK(at({}, kNow) == AuthFault::replayed);
    CHECK_FALSE(at({.nonce = kNow + 1}, kNow));
    CHECK(at({.nonce = kNow}, kNow) == AuthFault::replayed);
    CHECK_FALSE(at({.uuid = "v"}, kNow + 15 * kSecond));
    CHECK(at({.uuid = "w"}, kNow + 16 * kSecond) == AuthFault::stale);
    CHECK(at({.uuid = "x"}, kNow - 3 * kSecond) == AuthFault::stale);
    // A timeout of years does not keep a request alive for years.
    CHECK(at({.uuid = "y", .timeout = "1e9"}, kNow + 400 * kSecond) == AuthFault::stale);
    CHECK_FALSE(at({.uuid = "z", .timeout = "1e9"}, kNow + 300 * kSecond));
    CHECK(at({.uuid = "z", .timeout = "1e9"}, kNow + 303 * kSecond) == AuthFault::replayed);
}

TEST_CASE("the older headers are refused when anything they cover is another's") {
    const auto with = [](std::string_view header, std::string value) {
        auto request = DendriteCall{}.request();
        for (auto& [name, old] : request.headers)
            if (name == header) old = std::move(value);
        return fault(Verifier(dendrite_server()).verify(request, kNow));
    };
    const auto other = tests::another_key().address();
    CHECK(with("bt_header_dendrite_hotkey", other) == AuthFault::bad_signature);
    CHECK(with("bt_header_dendrite_hotkey", "5Nobody") == AuthFault::malformed);
    CHECK(with("bt_header_dendrite_uuid", "another") == AuthFault::bad_signature);
    CHECK(with("bt_header_dendrite_uuid", std::string(65, 'u')) == AuthFault::malformed);
    CHECK(with("bt_header_dendrite_nonce", std::to_string(kNow + 1)) == AuthFault::bad_signature);
    CHECK(with("bt_header_dendrite_nonce", "soon") == AuthFault::malformed);
    CHECK(with("bt_header_dendrite_signature", "") == AuthFault::bad_signature);
    CHECK(with("computed_body_hash", std::string(64, 'a')) == AuthFault::malformed);
    const DendriteCall elsewhere{.receiver = other};
    CHECK(fault(Verifier(dendrite_server()).verify(elsewhere.request(), kNow)) ==
          AuthFault::bad_signature);
    auto named = DendriteCall{}.request();
    named.headers.emplace_back("bt_header_axon_hotkey", other);
    CHECK(fault(Verifier(dendrite_server()).verify(named, kNow)) == AuthFault::wrong_receiver);
    auto twice = DendriteCall{}.request();
    twice.headers.emplace_back("BT_HEADER_DENDRITE_HOTKEY", other);
    CHECK(fault(Verifier(dendrite_server()).verify(twice, kNow)) == AuthFault::malformed);
}

TEST_CASE("a server may say what the body's hash must be") {
    auto options = dendrite_server();
    options.body_hash = [](const ServerRequest&) { return std::string(64, 'b'); };
    const DendriteCall call{.hash = std::string(64, 'b')};
    CHECK_FALSE(fault(Verifier(options).verify(call.request(), kNow)));
    CHECK(fault(Verifier(options).verify(DendriteCall{}.request(), kNow)) == AuthFault::malformed);
}

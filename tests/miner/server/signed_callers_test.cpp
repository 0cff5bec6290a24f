#include "miner/server/signed_callers.hpp"

#include "network/errc.hpp"
#include "network/hex.hpp"
#include "network/subnet/btauth.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

using miner::SignedCallers;
using network::ServerRequest;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'795'500'000 * kSecond;

using tests::key_of;

const auto kOurs = key_of(1), kSecondOfOurs = key_of(2), kRich = key_of(10), kPoor = key_of(11),
           kMiner = key_of(12), kUnauthorised = key_of(13);

network::Neuron neuron(std::uint16_t uid, const network::Keypair& key, bool permit, double tao) {
    network::Neuron neuron;
    neuron.uid = uid;
    neuron.hotkey = key.public_key();
    neuron.validator_permit = permit;
    neuron.stake_rao = std::uint64_t(tao * 1e9);
    return neuron;
}

std::shared_ptr<const network::Metagraph> subnet() {
    return std::make_shared<const network::Metagraph>(
        network::Metagraph::of({17, 100, false},
                               {neuron(0, kRich, true, 5000), neuron(1, kPoor, true, 999),
                                neuron(2, kMiner, false, 9000)})
            .value());
}

ServerRequest call(const network::Keypair& key, std::int64_t nonce,
                   const std::string& path = "/generate",
                   const network::Keypair& receiver = kOurs) {
    ServerRequest request;
    request.method = "POST";
    request.target = path;
    request.body = "a picture";
    request.headers =
        network::btauth_headers(key, receiver.address(), "POST", path, request.body, nonce);
    return request;
}

ServerRequest older_call(const network::Keypair& key, std::int64_t nonce,
                         const std::string& uuid = "u", const network::Keypair& receiver = kOurs) {
    const auto& hash = network::empty_body_hash();
    const auto text = std::to_string(nonce) + "." + key.address() + "." + receiver.address() + "." +
                      uuid + "." + hash;
    ServerRequest request;
    request.method = "POST";
    request.target = "/generate";
    request.headers = {{"timeout", "12.0"},
                       {"bt_header_dendrite_nonce", std::to_string(nonce)},
                       {"bt_header_dendrite_uuid", uuid},
                       {"bt_header_dendrite_hotkey", key.address()},
                       {"bt_header_dendrite_signature", "0x" + network::to_hex(key.sign(text))},
                       {"computed_body_hash", hash}};
    return request;
}

// A server with a clock of its own; opened anew it is the next run in the same folder.
struct Door {
    tests::TemporaryFolder folder;
    config::Http http;
    std::int64_t now = kNow;
    miner::BootClock::time_point boot{};
    std::unique_ptr<SignedCallers> callers;

    explicit Door(const std::string& whom = "validators") { http.signed_ = whom; }

    void open() {
        callers.reset();
        callers = SignedCallers::open({.http = http,
                                       .receivers = {kOurs.address(), kSecondOfOurs.address()},
                                       .folder = folder.path() / "storage",
                                       .clocks = {.boot = [this] { return boot; },
                                                  .unix_ns = [this] { return now; }}})
                      .value();
        if (callers->needs_subnet()) callers->subnet(subnet());
    }
    // 200 when nothing is refused.
    unsigned knock(const ServerRequest& request) {
        if (const auto early = callers->screen(request, request.target)) return early->status;
        const auto late = tests::run(callers->refuse(request));
        return late ? late->status : 200;
    }
};

}  // namespace

TEST_CASE("signatures count only where the settings say so, and for a hotkey of ours") {
    const tests::TemporaryFolder folder;
    config::Http http;
    const auto open = [&](std::vector<std::string> receivers) {
        return SignedCallers::open(
            {.http = http, .receivers = std::move(receivers), .folder = folder.path()});
    };
    CHECK(open({}).value() == nullptr);
    http.signed_ = "anyone";
    CHECK(open({}).error().code == network::Errc::malformed);
    CHECK(open({kOurs.address()}).value() != nullptr);
    for (auto* list : {&http.allow, &http.deny}) {
        *list = {kRich.address().substr(0, 47) + "1"};
        const auto wrong = open({kOurs.address()});
        CHECK(wrong.error().code == network::Errc::bad_address);
        CHECK(wrong.error().detail.find(list == &http.allow ? "http.allow" : "http.deny") == 0);
        list->clear();
    }
}

TEST_CASE("validators with a permit and enough stake may call, and nobody else") {
    Door door;
    door.open();
    door.now += 10 * kSecond;
    CHECK(door.knock(call(kRich, door.now)) == 200);
    CHECK(door.knock(call(kRich, door.now, "/generate", kSecondOfOurs)) == 200);
    CHECK(door.knock(older_call(kRich, door.now)) == 200);
    CHECK(door.knock(call(kPoor, door.now)) == 403);
    CHECK(door.knock(call(kMiner, door.now)) == 403);
    CHECK(door.knock(call(kUnauthorised, door.now)) == 403);
    CHECK(door.knock(older_call(kUnauthorised, door.now)) == 403);
    // What the operator sees is not the validators' business.
    CHECK(door.knock(call(kRich, door.now, "/api/tasks")) == 403);
}

TEST_CASE("until the subnet is known, its validators are asked to come again") {
    Door door;
    door.http.allow = {kUnauthorised.address()};
    door.open();
    door.callers->subnet(nullptr);
    door.now += 10 * kSecond;
    const auto reply = door.callers->screen(call(kRich, door.now), "/generate");
    REQUIRE(reply.has_value());
    CHECK(reply->status == 503);
    CHECK(network::find_header(reply->headers, "retry-after"));
    CHECK(door.knock(call(kUnauthorised, door.now)) == 200);
}

TEST_CASE("hotkeys that the operator chose may see everything, unless they are shut out") {
    Door door(GENERATE("listed", "validators", "anyone"));
    door.http.allow = {kUnauthorised.address(), kPoor.address()};
    door.http.deny = {kPoor.address()};
    door.open();
    door.now += 10 * kSecond;
    CHECK(door.knock(call(kUnauthorised, door.now)) == 200);
    CHECK(door.knock(call(kUnauthorised, door.now + 1, "/api/tasks")) == 200);
    CHECK(door.knock(call(kPoor, door.now)) == 403);
    CHECK(door.knock(call(kPoor, door.now, "/api/tasks")) == 403);
    CHECK(door.knock(call(kMiner, door.now)) == (door.http.signed_ == "anyone" ? 200 : 403));
    CHECK(door.knock(call(kMiner, door.now, "/metrics")) == 403);
}

TEST_CASE("what is not signed well is refused, and says why") {
    Door door;
    door.open();
    door.now += 60 * kSecond;
    auto tampered = call(kRich, door.now);
    tampered.body += "!";
    CHECK(door.knock(tampered) == 401);
    CHECK(door.knock(call(kRich, door.now - 11 * kSecond)) == 401);
    CHECK(door.knock(call(kRich, door.now + 3 * kSecond)) == 401);
    CHECK(door.knock(call(kRich, door.now, "/generate", kUnauthorised)) == 401);
    auto forged = call(kUnauthorised, door.now);
    for (auto& [name, value] : forged.headers)
        if (name == "X-Bittensor-Hotkey") value = kRich.address();
    CHECK(door.knock(forged) == 401);
    auto older = older_call(kRich, door.now);
    older.headers[1].second = std::to_string(door.now + 1);
    CHECK(door.knock(older) == 401);
    ServerRequest bare;
    bare.headers = {{"bt_header_dendrite_nonce", "1"}};
    CHECK(door.knock(bare) == 403);  // nobody is not served
    CHECK_FALSE(SignedCallers::signs(ServerRequest()));
    const auto refusal = tests::run(door.callers->refuse(tampered));
    CHECK(refusal->body.find("signature") != std::string::npos);
}

TEST_CASE("a call in the older form that names no hotkey may be signed for any of ours") {
    Door door;
    door.open();
    door.now += 10 * kSecond;
    const auto call = older_call(kRich, door.now, "u", kSecondOfOurs);
    CHECK(door.knock(call) == 200);
    const auto again = tests::run(door.callers->refuse(call));
    REQUIRE(again.has_value());
    CHECK(again->status == 401);
    CHECK(again->body.find("last processed") != std::string::npos);
    CHECK(door.knock(older_call(kRich, door.now + 1, "v", kUnauthorised)) == 401);
    // One that does is for nobody else.
    auto named = older_call(kRich, door.now + 2, "w", kSecondOfOurs);
    named.headers.emplace_back("bt_header_axon_hotkey", kOurs.address());
    CHECK(door.knock(named) == 401);
    named.headers.back().second = kSecondOfOurs.address();
    CHECK(door.knock(named) == 200);
}

TEST_CASE("one miner a folder takes signed calls, and the next is told where") {
    Door door;
    door.open();
    const auto second = SignedCallers::open({.http = door.http,
                                             .receivers = {kOurs.address()},
                                             .folder = door.folder.path() / "storage"});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == boost::system::errc::device_or_resource_busy);
    CHECK(second.error().detail.find((door.folder.path() / "storage").string()) !=
          std::string::npos);
    door.callers.reset();
    door.open();
}

TEST_CASE("nothing is taken twice, not even after a restart") {
    Door door;
    door.open();
    door.now += 10 * kSecond;
    const auto first = call(kRich, door.now), older = older_call(kRich, door.now + 1);
    CHECK(door.knock(first) == 200);
    CHECK(door.knock(first) == 401);
    CHECK(door.knock(older) == 200);
    CHECK(door.knock(older) == 401);
    door.open();
    CHECK(door.knock(first) == 401);
    CHECK(door.knock(older) == 401);
    CHECK(door.knock(call(kRich, door.now)) == 401);
    CHECK(door.knock(call(kRich, door.now + 2)) == 200);
    // Nor after the clock was set back meanwhile.
    door.now -= 5 * kSecond;
    door.open();
    CHECK(door.knock(first) == 401);
}

TEST_CASE("without a memory of earlier runs, what was signed before the start is refused") {
    Door door;
    door.open();
    const auto early = call(kRich, door.now + kSecond);
    CHECK(door.knock(early) == 401);
    door.now += 3 * kSecond;
    CHECK(door.knock(call(kRich, door.now)) == 200);
    std::filesystem::remove(door.folder.path() / "storage" / "signed_calls");
    door.open();
    CHECK(door.knock(call(kRich, door.now)) == 401);
}

TEST_CASE("a clock that was ahead at the start and is set right shuts nobody out") {
    Door door;
    door.now = kNow + 365 * 86'400 * kSecond;
    door.open();
    CHECK(door.knock(call(kRich, door.now)) == 401);
    door.now = kNow;
    door.boot += std::chrono::seconds(10);
    CHECK(door.knock(call(kRich, kNow - 9 * kSecond)) == 401);  // signed before the start
    const auto first = call(kRich, kNow);
    CHECK(door.knock(first) == 200);
    CHECK(door.knock(first) == 401);
    // From the first one on the floor stays, wherever the clock goes.
    door.now = kNow - 60 * kSecond;
    CHECK(door.knock(call(kRich, door.now)) == 401);
    CHECK(door.knock(first) == 401);
    door.now = kNow + kSecond;
    CHECK(door.knock(call(kRich, door.now)) == 200);
}

TEST_CASE("a nonce that cannot be kept opens nothing") {
    Door door;
    door.open();
    door.now += 10 * kSecond;
    const auto file = door.folder.path() / "storage" / "signed_calls";
    std::filesystem::create_directories(file);
    CHECK(door.knock(call(kRich, door.now)) == 503);
    std::filesystem::remove(file);
    CHECK(door.knock(call(kRich, door.now + 1)) == 200);
}

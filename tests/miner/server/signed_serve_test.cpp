// miner serve with http.signed: callers who sign, whom a chain knows or not.
#include "miner/serve.hpp"

#include "network/hex.hpp"
#include "network/http/client.hpp"
#include "network/simulator/chain_node.hpp"
#include "network/subnet/btauth.hpp"
#include "network/subnet/dendrite_auth.hpp"
#include "network/subnet/verify.hpp"
#include "tests/network/keys.hpp"
#include "tests/network/loopback.hpp"
#include "tests/network/plain_request.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <csignal>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;
using network::HttpRequest;

namespace {

using tests::key_of;

std::int64_t now_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

// As far ahead as is taken: what is signed now is then new to a server that has just started, too,
// which refuses what an earlier run may have seen.
std::int64_t new_nonce() { return now_ns() + network::Verifier::Options().ahead.count(); }

std::string form() {
    const auto png = tests::small_png();
    return "--XX\r\nContent-Disposition: form-data; name=\"prompt_image_file\"\r\n\r\n" +
           std::string(png.begin(), png.end()) + "\r\n--XX--\r\n";
}

// `miner serve` and the chain that it asks: key 1 is its own, 2 a validator, 3 a miner.
class Serving {
public:
    config::Settings settings;

    Serving() {
        network::LocalNeuron validator{.hotkey = key_of(2).public_key(),
                                       .stake_rao = 5'000'000'000'000,
                                       .validator_permit = true,
                                       .ip = 0x7f000001,
                                       .port = 8091};
        network::LocalNeuron other{.hotkey = key_of(3).public_key()};
        node_ =
            network::ChainNode::start({.block_time = 20ms, .neurons = {validator, other}}).value();
        settings.subtensor = {.network = "local", .chain_endpoint = node_->endpoint().url()};
        settings.http.listen = "127.0.0.1:0";
        settings.http.signed_ = "validators";
        settings.gate.min_gaussians = 3200;
        settings.gate.floor = 320;
        script_->voxels = {100};
    }
    ~Serving() {
        if (thread_.joinable()) stop();
    }

    void start() {
        port_ = 0;
        knows_subnet_ = false;
        thread_ = std::thread([this] {
            config::Logger log(config::Level::info, false, [this](std::string_view line) {
                const std::string_view mark = "serving url=http://127.0.0.1:";
                const auto at = line.find(mark);
                if (at != line.npos) port_ = std::stoi(std::string(line.substr(at + mark.size())));
                if (line.find(" metagraph ") != line.npos) knows_subnet_ = true;
            });
            code_ = miner::run_serve({.settings = settings,
                                      .folder = folder_.path(),
                                      .make_generator = tests::make_fake(script_),
                                      .log = log,
                                      .hotkeys = {key_of(1).address()}});
        });
        REQUIRE(tests::eventually([&] { return port_ != 0 && knows_subnet_; }));
        REQUIRE(
            tests::eventually([&] { return send(tests::plain_request("GET", "/ready")) == 200; }));
    }
    miner::ExitCode stop() {
        ::kill(::getpid(), SIGTERM);
        thread_.join();
        return code_;
    }

    HttpRequest call(const network::Keypair& key, std::int64_t nonce = new_nonce()) const {
        auto request = tests::plain_request("POST", "/generate");
        request.body = form();
        request.headers = network::btauth_headers(key, key_of(1).address(), "POST", "/generate",
                                                  request.body, nonce);
        request.headers.emplace_back("content-type", "multipart/form-data; boundary=XX");
        return request;
    }
    HttpRequest older_call(const network::Keypair& key) const {
        const auto nonce = std::to_string(new_nonce());
        const auto& hash = network::empty_body_hash();
        const auto text = nonce + "." + key.address() + "." + key_of(1).address() + ".u." + hash;
        auto request = tests::plain_request("POST", "/generate");
        request.body = form();
        request.headers = {{"timeout", "12.0"},
                           {"bt_header_dendrite_nonce", nonce},
                           {"bt_header_dendrite_uuid", "u"},
                           {"bt_header_dendrite_hotkey", key.address()},
                           {"bt_header_dendrite_signature", "0x" + network::to_hex(key.sign(text))},
                           {"computed_body_hash", hash},
                           {"content-type", "multipart/form-data; boundary=XX"}};
        return request;
    }
    network::HttpAnswer ask(HttpRequest request) const {
        request.port = std::uint16_t(port_.load());
        network::HttpLimits limits;
        limits.read = std::chrono::hours(1);
        return tests::run(network::request(std::move(request), limits)).value();
    }
    unsigned send(HttpRequest request) const { return ask(std::move(request)).status; }

private:
    tests::TemporaryFolder folder_;
    std::unique_ptr<network::ChainNode> node_;
    std::shared_ptr<tests::Script> script_ = std::make_shared<tests::Script>();
    std::atomic<int> port_ = 0;
    std::atomic<bool> knows_subnet_ = false;
    std::thread thread_;
    miner::ExitCode code_ = miner::ExitCode::internal;
};

}  // namespace

TEST_CASE("a validator's signature opens /generate, once, and a restart does not forget it") {
    Serving serving;
    serving.start();
    const auto good = serving.call(key_of(2));
    CHECK(serving.send(good) == 200);
    CHECK(serving.send(good) == 401);
    const auto older = serving.older_call(key_of(2));
    CHECK(serving.send(older) == 200);
    CHECK(serving.send(older) == 401);

    auto tampered = serving.call(key_of(2));
    tampered.body += " ";
    CHECK(serving.send(tampered) == 401);
    CHECK(serving.send(serving.call(key_of(2), now_ns() - 20'000'000'000)) == 401);
    CHECK(serving.send(serving.call(key_of(2), new_nonce() + 3'600'000'000'000)) == 401);
    CHECK(serving.send(serving.call(key_of(3))) == 403);
    CHECK(serving.send(serving.call(key_of(4))) == 403);
    CHECK(serving.send(tests::plain_request("POST", "/generate")) == 401);
    CHECK(serving.send(tests::plain_request("GET", "/metrics")) == 401);
    CHECK(serving.send(tests::plain_request("GET", "/health")) == 200);
    CHECK(serving.stop() == miner::ExitCode::ok);

    serving.start();
    CHECK(serving.send(good) == 401);
    CHECK(serving.send(older) == 401);
    CHECK(serving.send(serving.call(key_of(2))) == 200);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("who is refused is not told how much is at work, be it after the body was read") {
    Serving serving;
    serving.start();
    const auto is_told = [](const network::HttpAnswer& answer) {
        return network::find_header(answer.headers, "x-miner-instance").has_value();
    };
    const auto good = serving.call(key_of(2));
    const auto made = serving.ask(good);
    CHECK(made.status == 200);
    CHECK(is_told(made));
    auto tampered = serving.call(key_of(2));
    tampered.body += " ";
    const std::vector<std::pair<HttpRequest, unsigned>> calls{
        {good, 401},
        {tampered, 401},
        {serving.call(key_of(2), now_ns() - 20'000'000'000), 401},
        {serving.call(key_of(3)), 403},
        {tests::plain_request("POST", "/generate"), 401}};
    for (const auto& [call, status] : calls) {
        const auto refused = serving.ask(call);
        CHECK(refused.status == status);
        CHECK_FALSE(is_told(refused));
    }
    CHECK(serving.stop() == miner::ExitCode::ok);
}

TEST_CASE("the token and a signature are as good as each other") {
    Serving serving;
    serving.settings.http.token = "0123456789abcdef";
    serving.settings.http.allow = {key_of(4).address()};
    serving.settings.http.deny = {key_of(2).address()};
    serving.start();
    CHECK(serving.send(serving.call(key_of(2))) == 403);
    CHECK(serving.send(serving.call(key_of(4))) == 200);
    auto shown = tests::plain_request("GET", "/metrics");
    CHECK(serving.send(shown) == 401);
    shown.headers = {{"authorization", "Bearer 0123456789abcdef"}};
    CHECK(serving.send(shown) == 200);
    CHECK(serving.stop() == miner::ExitCode::ok);
}

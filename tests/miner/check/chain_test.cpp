#include "miner/check/chain.hpp"

#include "network/simulator/chain_node.hpp"
#include "network/wallet/ss58.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

using namespace std::chrono_literals;
using miner::ChainReport;
using miner::Finding;
using State = Finding::State;

namespace {

network::PublicKey key_of(std::uint8_t number) {
    network::Secret<32> seed;
    seed.bytes()[0] = number;
    return network::Keypair::from_seed(seed).public_key();
}

// A subnet of two validators, one of them without an address, and a miner.
struct Subnet {
    config::Settings settings;
    std::unique_ptr<network::ChainNode> node;
    std::string miner = network::ss58_encode(key_of(1));

    Subnet() {
        settings.subtensor.network = "local";
        network::ChainNode::Options options;
        options.block_time = 50ms;
        options.neurons = {
            {.hotkey = key_of(1)},
            {.hotkey = key_of(2),
             .stake_rao = 5'000'000'000'000,
             .validator_permit = true,
             .ip = 0x7f000001,
             .port = 8091},
            {.hotkey = key_of(3), .stake_rao = 5'000'000'000'000, .validator_permit = true}};
        node = network::ChainNode::start(std::move(options)).value();
    }

    ChainReport check(std::vector<network::Endpoint> endpoints,
                      std::chrono::milliseconds limit = 1min) const {
        network::RpcOptions options;
        options.endpoints = std::move(endpoints);
        options.limits.request = limit;
        boost::asio::io_context io{1};
        ChainReport report;
        boost::asio::co_spawn(io, miner::check_chain(settings, {miner}, std::move(options)),
                              [&](std::exception_ptr error, ChainReport result) {
                                  REQUIRE_FALSE(error);
                                  report = std::move(result);
                              });
        io.run();
        return report;
    }
    ChainReport check() const { return check({node->endpoint()}); }
};

}  // namespace

TEST_CASE("a chain that answers, a registered hotkey and the validators it may ask") {
    Subnet subnet;
    const auto report = subnet.check();
    REQUIRE(report.findings.size() == 3);
    for (const auto& finding : report.findings) CHECK(finding.state == State::ok);
    CHECK_THAT(report.findings[0].found, Catch::Contains(subnet.node->endpoint().url()));
    CHECK_THAT(report.findings[1].found, Catch::Contains(subnet.miner + " has uid 0"));
    REQUIRE(report.validators.size() == 1);
    CHECK(report.validators[0].hotkey == network::ss58_encode(key_of(2)));
    CHECK(report.validators[0].port == 8091);
}

TEST_CASE("a hotkey that is not registered stops mining, and its remedy names btcli") {
    Subnet subnet;
    subnet.node->change([](network::ChainState& state) { state.deregister(key_of(1)); });
    const auto report = subnet.check();
    REQUIRE(report.findings.size() == 3);
    CHECK(report.findings[1].state == State::fail);
    CHECK_THAT(report.findings[1].remedy, Catch::Contains("btcli subnet register --netuid 17"));
    CHECK(report.validators.size() == 1);
}

TEST_CASE("stakes too small for the settings leave nobody to ask") {
    Subnet subnet;
    subnet.settings.schedule.min_stake = 1e6;
    const auto report = subnet.check();
    CHECK(report.findings.back().state == State::fail);
    CHECK(report.validators.empty());
    CHECK(report.is_read);
}

TEST_CASE("where all nodes refuse each is tried once, and the check says what each said") {
    Subnet subnet;
    tests::LoopbackPeer limited(
        tests::answering("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"));
    tests::LoopbackPeer closed(
        tests::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"));
    const auto absent = subnet.node->endpoint();
    subnet.node.reset();
    std::vector<network::Endpoint> endpoints{absent, absent, absent};
    endpoints[1].port = limited.port();
    endpoints[2].port = closed.port();
    endpoints[2].target = "/v3/s3cretKey";
    const auto report = subnet.check(endpoints, std::chrono::hours(1));
    REQUIRE(report.findings.size() == 4);
    CHECK_FALSE(report.is_read);
    for (const auto& finding : report.findings) {
        CHECK(finding.state == State::fail);
        CHECK_THAT(finding.found + finding.remedy, !Catch::Contains("s3cret"));
    }
    CHECK_THAT(report.findings[0].found, Catch::Contains("connection refused"));
    CHECK_THAT(report.findings[1].found, Catch::Contains("429"));
    CHECK_THAT(report.findings[2].found, Catch::Contains("403"));
    CHECK_THAT(report.findings[2].remedy, Catch::Contains("key"));
    CHECK_THAT(report.findings[3].remedy, Catch::Contains("subtensor.network"));
    CHECK(limited.connections() == 1);
    CHECK(closed.connections() == 1);
}

TEST_CASE("a node that refuses beside one that answers is worth a look") {
    Subnet subnet;
    tests::LoopbackPeer limited(
        tests::answering("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n"));
    auto first = subnet.node->endpoint();
    first.port = limited.port();
    const auto report = subnet.check({first, subnet.node->endpoint()});
    REQUIRE(report.findings.size() == 4);
    CHECK(report.findings[0].state == State::warn);
    CHECK_THAT(report.findings[0].found, Catch::Contains("429"));
    CHECK(report.findings[1].state == State::ok);
    CHECK(miner::would_mine(report.findings));
}

TEST_CASE("a node that shows blocks and refuses every question is one that refuses") {
    const Subnet useless, subnet;
    useless.node->take(network::ChainNode::Questions::refused);
    const auto alone = subnet.check({useless.node->endpoint()});
    REQUIRE(alone.findings.size() == 2);
    CHECK(alone.findings[0].state == State::fail);
    CHECK_THAT(alone.findings[0].found, Catch::Contains("asked too often"));
    CHECK(alone.findings[1].found == "no node can be used");
    const auto report = subnet.check({useless.node->endpoint(), subnet.node->endpoint()});
    REQUIRE(report.findings.size() == 4);
    CHECK(report.findings[0].state == State::warn);
    CHECK_THAT(report.findings[0].found, Catch::Contains("asked too often"));
    CHECK(report.findings[1].state == State::ok);
}

TEST_CASE("a node that accepts and says nothing stops mining, within the limit") {
    Subnet subnet;
    tests::LoopbackPeer silent(tests::await_hang_up);
    auto endpoint = subnet.node->endpoint();
    endpoint.port = silent.port();
    const auto report = subnet.check({endpoint}, 200ms);
    REQUIRE_FALSE(report.findings.empty());
    CHECK(report.findings.back().state == State::fail);
}

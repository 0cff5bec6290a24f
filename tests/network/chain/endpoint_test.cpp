#include "network/chain/endpoint.hpp"

#include "tests/support/catch.hpp"

using namespace network;

TEST_CASE("networks by name have the SDK's nodes, finney with its fall-backs") {
    const auto first = [](const char* network) {
        const auto all = endpoints({.network = network}).value();
        return all.front().url();
    };
    CHECK(first("finney") == "wss://entrypoint-finney.opentensor.ai:443");
    CHECK(endpoints({.network = "finney"}).value().size() == 3);
    CHECK(first("test") == "wss://test.finney.opentensor.ai:443");
    CHECK(first("archive") == "wss://archive.chain.opentensor.ai:443");
    CHECK(first("latent-lite") == "wss://lite.sub.latent.to:443");
    CHECK(first("local") == "ws://127.0.0.1:9944");
    CHECK(first("ws://[::1]:9944/path") == "ws://[::1]:9944/path");
}

TEST_CASE("an endpoint of one's own is the only one") {
    const auto own = endpoints({.network = "finney", .chain_endpoint = "ws://10.0.0.1:1"}).value();
    REQUIRE(own.size() == 1);
    CHECK(own[0] == Endpoint{.tls = false, .host = "10.0.0.1", .port = 1, .target = "/"});
}

TEST_CASE("nodes that a network's name stands for must be of its chain, others of any") {
    const std::string mainnet =
        "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
    for (const auto* name : {"finney", "archive", "latent-lite"})
        for (const auto& node : endpoints({.network = name}).value())
            CHECK(node.genesis == mainnet);
    const auto test = endpoints({.network = "test"}).value().front().genesis;
    CHECK(test.size() == 66);
    CHECK(test != mainnet);
    CHECK(endpoints({.network = "local"}).value().front().genesis.empty());
    CHECK(endpoints({.network = "wss://node.example"}).value().front().genesis.empty());
    config::Subtensor own{.network = "finney", .chain_endpoint = "ws://10.0.0.1:1"};
    CHECK(endpoints(own).value().front().genesis.empty());
    own.genesis = "0xAB" + std::string(62, '0');
    CHECK(endpoints(own).value().front().genesis == "0xab" + std::string(62, '0'));
}

TEST_CASE("URLs are taken apart") {
    CHECK(parse_endpoint("wss://host").value().port == 443);
    CHECK(parse_endpoint("ws://host/a/b").value() ==
          Endpoint{.tls = false, .host = "host", .port = 80, .target = "/a/b"});
    CHECK(parse_endpoint("wss://[2001:db8::1]:9").value().host == "2001:db8::1");
    CHECK(parse_endpoint("wss://host?key=a&b").value().target == "/?key=a&b");
    CHECK(parse_endpoint("wss://host?key=a&b").value().host == "host");
    CHECK(parse_endpoint("ws://host:1/a?b#c").value().target == "/a?b");
    for (const auto* wrong : {"http://host", "host:9944", "wss://", "wss://:443", "ws://host:0",
                              "ws://host:70000", "ws://host:1x"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_endpoint(wrong).has_value());
    }
}

TEST_CASE("what an endpoint is taken for is read again from how it is written") {
    for (const auto* text :
         {"wss://us%r:pass@node.example:443/", "wss://a%40b:c%3Ad%2Fe@NODE.example/rpc?key=%20",
          "ws://user@[2001:DB8::0:1]:9944", "ws://10.0.0.1", "wss://node.example:/x"}) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text).value();
        CHECK(parse_endpoint(endpoint.url()).value() == endpoint);
    }
}

TEST_CASE("a node's URL whose host is none, or whose path would be more than a path, is refused") {
    for (const std::string wrong :
         {"wss://us%r:pass.example:443/", "wss://a:b:443", "wss://::1", "wss://[::1", "wss://[h]",
          "wss://a b", "wss://h%2fost", "wss://h%0d%0aost", "wss://[::1]x:1", "wss://h\xc3\xa4",
          "ws://h/a b", "ws://h/a\r\nx: y", "ws://h?\x7f", "ws://h/\t"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_endpoint(wrong).has_value());
    }
}

TEST_CASE("private addresses are for the local network alone") {
    CHECK(allows_private({.network = "local"}));
    CHECK_FALSE(allows_private({.network = "finney", .chain_endpoint = "ws://127.0.0.1:9944"}));
}

TEST_CASE("an endpoint is shown, and complained of, without its keys") {
    const auto endpoint = parse_endpoint("wss://me:s3cret@host/v3/s3cret?apikey=s3cret").value();
    CHECK(endpoint.url() == "wss://me:s3cret@host:443/v3/s3cret?apikey=s3cret");
    CHECK(endpoint.shown() == "wss://***@host:443/v3/***?apikey=***");
    for (const auto* wrong : {"http://host/v3/s3cret", "wss://host:0?apikey=s3cret",
                              "wss://me:s3cret@", "host/?apikey=s3cret"})
        CHECK(parse_endpoint(wrong).error().message().find("s3cret") == std::string::npos);
}

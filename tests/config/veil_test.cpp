#include "config/veil.hpp"

#include "tests/support/catch.hpp"

using config::veiled;

TEST_CASE("an address without secrets is shown as it is") {
    for (const char* text :
         {"wss://entrypoint-finney.opentensor.ai:443", "ws://127.0.0.1:9944", "ws://[::1]:9944/ws",
          "https://host/v1/images/generations", "http://gpu1:10006/gpu1", "https://host/",
          "https://hub/api/models?blobs=true"})
        CHECK(veiled(text) == text);
}

TEST_CASE("keys in queries, paths and before the host are veiled") {
    CHECK(veiled("wss://host:443?apikey=s3cretKey") == "wss://host:443?apikey=***");
    CHECK(veiled("wss://host/ws?net=9&apikey=s3cret#more") == "wss://host/ws?net=9&apikey=***#***");
    CHECK(veiled("wss://host/?s3cretKey") == "wss://host/?***");
    CHECK(veiled("wss://host/v3/0123456789abcdef") == "wss://host/v3/***");
    CHECK(veiled("wss://host/topsecret/ws") == "wss://host/***/ws");
    CHECK(veiled("wss://user:password@host:443/v3") == "wss://***@host:443/v3");
    CHECK(veiled("https://token@host") == "https://***@host");
}

TEST_CASE("a password with characters that end a host is veiled whole") {
    CHECK(veiled("wss://user:pa/ss@host:443") == "wss://***@host:443");
    CHECK(veiled("wss://user:p@ss?word#1@host") == "wss://***@host");
}

TEST_CASE("an address in the middle of words is found, also without its scheme") {
    CHECK(veiled("'wss://host/?apikey=s3cret': no port, as in wss://host:443") ==
          "'wss://host/?apikey=***': no port, as in wss://host:443");
    CHECK(veiled("wss://host/v3/s3cret: 403, then http://other/key12345.") ==
          "wss://host/v3/***: 403, then http://other/***.");
    CHECK(veiled("url=wss://h/?k=s3cret") == "url=wss://h/?k=***");
    CHECK(veiled("host:443?apikey=s3cret") == "host:443?apikey=***");
    CHECK(veiled("user:password@host") == "***@host");
}

TEST_CASE("what is no address stays as it is") {
    for (const char* text :
         {"", "finney", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B@10.0.0.1:8091",
          "is the hotkey registered?", "a@b", "://", "/var/lib/miner/miner.db: disk full",
          "jetx/TRELLIS@0123456789abcdef:pipeline.json"})
        CHECK(veiled(text) == text);
}

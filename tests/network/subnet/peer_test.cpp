#include "network/errc.hpp"
#include "network/subnet/messages.hpp"
#include "tests/support/catch.hpp"

#include <string>

using network::Peer;

TEST_CASE("validators are written HOTKEY@HOST:PORT") {
    const std::string hotkey = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const auto parse = [&](std::string_view rest) {
        return network::parse_peer(hotkey + std::string(rest));
    };
    CHECK(*parse("@127.0.0.1:8091") == Peer{hotkey, "127.0.0.1", 8091});
    CHECK(*parse("@validator-1.example.org:1") == Peer{hotkey, "validator-1.example.org", 1});
    CHECK(*parse("@[2001:db8::1]:65535") == Peer{hotkey, "2001:db8::1", 65535});
    CHECK(network::authority(*parse("@[::1]:80")) == "[::1]:80");
    CHECK(network::authority(*parse("@127.0.0.1:80")) == "127.0.0.1:80");
    for (const char* rest : {"",
                             "@",
                             "@:80",
                             "@host",
                             "@host:",
                             "@host:0",
                             "@host:65536",
                             "@host:-1",
                             "@host:+1",
                             "@host:80 ",
                             "@host:8x",
                             "@ho st:80",
                             "@host\r\nX: y:80",
                             "@::1:80",
                             "@[::1:80",
                             "@[host]:80",
                             "@[::1%eth0]:80",
                             "@host/path:80",
                             "@user@host:80",
                             "host:80",
                             ":80"}) {
        CAPTURE(rest);
        const auto peer = parse(rest);
        REQUIRE_FALSE(peer.has_value());
        CHECK(peer.error().code == network::Errc::malformed);
    }
    CHECK_THAT(network::parse_peer("5Grw@host:80").error().detail, Catch::Contains("hotkey"));
    CHECK_THAT(network::parse_peer(hotkey + "@host:x").error().detail, Catch::Contains("port"));
    CHECK_THAT(network::parse_peer(hotkey + "@a b:80").error().detail, Catch::Contains("host"));
    CHECK_THAT(network::parse_peer("127.0.0.1:80").error().detail,
               Catch::Contains("HOTKEY@HOST:PORT"));
}

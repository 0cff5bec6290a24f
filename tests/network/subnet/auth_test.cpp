#include "network/subnet/auth.hpp"

#include "tests/support/catch.hpp"

using network::AuthFault;
using network::SeenNonces;

TEST_CASE("a nonce is known until it could not be accepted anyway") {
    SeenNonces seen({});
    seen.remember("a/1", "a", 1, 100);
    CHECK(seen.find("a/1", 0) == 1);
    CHECK(seen.find("a/1", 100) == 1);
    CHECK_FALSE(seen.find("a/1", 101));
    CHECK(seen.size() == 0);
    CHECK_FALSE(seen.find("b/1", 0));
}

TEST_CASE("a later nonce of the same key takes the place of the earlier") {
    SeenNonces seen({.all = 10, .each = 1});
    seen.remember("a:u", "a", 1, 100);
    seen.remember("a:u", "a", 2, 200);
    CHECK(seen.size() == 1);
    CHECK(seen.find("a:u", 150) == 2);
    CHECK_FALSE(seen.has_room("a", 150));
    CHECK(seen.has_room("a", 201));
}

TEST_CASE("memory is bounded for each hotkey and for all, and time makes room") {
    SeenNonces seen({.all = 5, .each = 3});
    for (int i = 0; i < 3; ++i) {
        REQUIRE(seen.has_room("a", 0));
        seen.remember("a/" + std::to_string(i), "a", i, 10 + i);
    }
    CHECK_FALSE(seen.has_room("a", 0));
    CHECK(seen.has_room("b", 0));
    seen.remember("b/0", "b", 0, 50);
    seen.remember("c/0", "c", 0, 50);
    CHECK_FALSE(seen.has_room("d", 0));
    CHECK(seen.has_room("d", 11));
    CHECK(seen.size() == 4);
    CHECK(seen.has_room("a", 11));
}

TEST_CASE("each fault has the status that its sender should see") {
    CHECK(network::AuthRefusal{AuthFault::malformed, ""}.status() == 401);
    CHECK(network::AuthRefusal{AuthFault::replayed, ""}.status() == 401);
    CHECK(network::AuthRefusal{AuthFault::not_allowed, ""}.status() == 403);
    CHECK(network::AuthRefusal{AuthFault::busy, ""}.status() == 429);
}

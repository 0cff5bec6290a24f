#include "network/first_of.hpp"

#include "network/event.hpp"
#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <stdexcept>

namespace asio = boost::asio;
using network::Event;
using network::first_of;

namespace {

asio::awaitable<int> never(bool& ended) {
    struct Mark {
        bool& set;
        ~Mark() { set = true; }
    } mark{ended};
    Event event(co_await asio::this_coro::executor);
    co_await event.wait();
    co_return 1;
}

asio::awaitable<std::string> word() { co_return "word"; }
asio::awaitable<void> nothing() { co_return; }
asio::awaitable<std::string> failing() {
    throw std::runtime_error("as scripted");
    co_return "";
}

}  // namespace

TEST_CASE("the first to end is told at its place, and the others have ended then") {
    bool ended = false;
    const auto first = tests::run(first_of(never(ended), word()));
    CHECK(std::get<1>(first) == "word");
    CHECK(ended);
    CHECK(tests::run(first_of(nothing(), never(ended))).index() == 0);
    CHECK(tests::run(first_of(never(ended), never(ended), nothing())).index() == 2);
}

TEST_CASE("an exception ends it at once: nobody waits for one that ends well") {
    bool ended = false;
    CHECK_THROWS_WITH(tests::run(first_of(never(ended), failing())), "as scripted");
    CHECK(ended);
    ended = false;
    CHECK_THROWS_WITH(tests::run(first_of(failing(), never(ended))), "as scripted");
    CHECK(ended);
}

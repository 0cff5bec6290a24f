#include "network/settled.hpp"

#include "tests/network/loopback.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <stdexcept>

namespace asio = boost::asio;
using network::settle;

namespace {

asio::awaitable<std::unique_ptr<int>> seven() { co_return std::make_unique<int>(7); }
asio::awaitable<void> nothing() { co_return; }
asio::awaitable<int> failing() {
    throw std::runtime_error("as scripted");
    co_return 1;
}

}  // namespace

TEST_CASE("a value comes home as one, though it can only be moved") {
    auto settled = tests::run(settle(seven()));
    CHECK_FALSE(settled.failure);
    CHECK(*std::move(settled).get() == 7);
    CHECK(tests::run(settle(nothing())).value.has_value());
}

TEST_CASE("an exception is told, and goes on when the value is asked for") {
    auto settled = tests::run(settle(failing()));
    CHECK_FALSE(settled.value);
    CHECK_THROWS_WITH(std::move(settled).get(), "as scripted");
}

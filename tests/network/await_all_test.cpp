#include "network/await_all.hpp"

#include "network/event.hpp"
#include "network/run_alone.hpp"
#include "tests/support/catch.hpp"

#include <stdexcept>

namespace asio = boost::asio;
using network::await_all;

namespace {

asio::awaitable<void> wait_for(network::Event& event, int& ended) {
    co_await event.wait();
    ++ended;
}

asio::awaitable<void> let_happen(network::Event& event, int& ended) {
    event.happen();
    ++ended;
    co_return;
}

asio::awaitable<void> failing() {
    throw std::runtime_error("as scripted");
    co_return;
}

}  // namespace

TEST_CASE("operations awaited together run at a time, and all have ended then") {
    asio::io_context io{1};
    network::Event event(io.get_executor());
    int ended = 0;
    std::vector<asio::awaitable<void>> both;
    both.push_back(wait_for(event, ended));
    both.push_back(let_happen(event, ended));
    network::run_alone(io, await_all(std::move(both)));
    CHECK(ended == 2);
}

TEST_CASE("an operation that throws lets the others end first") {
    asio::io_context io{1};
    network::Event event(io.get_executor());
    int ended = 0;
    std::vector<asio::awaitable<void>> all;
    all.push_back(failing());
    all.push_back(wait_for(event, ended));
    all.push_back(let_happen(event, ended));
    CHECK_THROWS_WITH(network::run_alone(io, await_all(std::move(all))), "as scripted");
    CHECK(ended == 2);
}

TEST_CASE("nothing to await has ended at once") {
    asio::io_context io{1};
    network::run_alone(io, await_all({}));
    SUCCEED();
}

#include "miner/runtime/crew.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace asio = boost::asio;
using miner::Crew;

namespace {

// Members that end when they are told to.
struct Scene {
    asio::io_context io{1};
    Crew crew{io.get_executor()};
    network::Event over{io.get_executor()};
    int ended = 0;
    bool all_ended = false, failed = false;

    asio::awaitable<void> member(bool fails = false) {
        co_await over.wait();
        ++ended;
        if (fails) throw std::runtime_error("as scripted");
    }
    void await_all() {
        asio::co_spawn(io, crew.until_ended(), [this](std::exception_ptr failure) {
            all_ended = true;
            failed = failure != nullptr;
        });
    }
    void poll() {
        io.restart();
        io.poll();
    }
};

}  // namespace

TEST_CASE("a crew is over when its last member is, those that came later among them") {
    Scene scene;
    scene.crew.add(scene.member());
    scene.await_all();
    scene.poll();
    scene.crew.add(scene.member());
    CHECK(scene.crew.size() == 2);
    scene.poll();
    CHECK_FALSE(scene.all_ended);
    scene.over.happen();
    scene.poll();
    CHECK(scene.ended == 2);
    CHECK(scene.crew.size() == 0);
    CHECK(scene.all_ended);
    CHECK_FALSE(scene.failed);
}

TEST_CASE("whoever waits for any member hears of the first, and at once where there is none") {
    Scene scene;
    int heard = 0;
    const auto wait = [&]() -> asio::awaitable<void> {
        co_await scene.crew.until_any_ended();
        ++heard;
    };
    asio::co_spawn(scene.io, wait(), asio::detached);
    scene.poll();
    CHECK(heard == 1);
    scene.crew.add(scene.member());
    asio::co_spawn(scene.io, wait(), asio::detached);
    scene.poll();
    CHECK(heard == 1);
    scene.over.happen();
    scene.poll();
    CHECK(heard == 2);
}

TEST_CASE("what a member throws goes on once all have ended") {
    Scene scene;
    scene.crew.add(scene.member(true));
    scene.crew.add(scene.member());
    scene.await_all();
    scene.poll();
    CHECK_FALSE(scene.crew.failed());
    scene.over.happen();
    scene.poll();
    CHECK(scene.crew.failed() == false);  // told to whoever awaited it
    CHECK(scene.all_ended);
    CHECK(scene.failed);
    CHECK(scene.ended == 2);
}

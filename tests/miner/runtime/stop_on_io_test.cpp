#include "miner/runtime/stop_on_io.hpp"

#include "tests/support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>
#include <stop_token>
#include <thread>

namespace {

// A stop seen from io, and on which thread it was told.
struct Scene {
    boost::asio::io_context io{1};
    std::stop_source outer;
    std::optional<miner::StopOnIo> stop;
    std::thread::id told;

    void run_and_listen() {
        const std::stop_callback on_stop(stop->token(),
                                         [this] { told = std::this_thread::get_id(); });
        io.run();
    }
};

}  // namespace

TEST_CASE("a stop that is asked for on another thread is told on io") {
    Scene scene;
    scene.stop.emplace(scene.io.get_executor(), scene.outer.get_token());
    std::thread([&] { scene.outer.request_stop(); }).join();
    CHECK_FALSE(scene.stop->token().stop_requested());
    scene.run_and_listen();
    CHECK(scene.told == std::this_thread::get_id());
    CHECK(scene.stop->token().stop_requested());
}

TEST_CASE("a stop that was asked for before anybody listened is told on io, too") {
    Scene scene;
    std::thread([&] { scene.outer.request_stop(); }).join();
    scene.stop.emplace(scene.io.get_executor(), scene.outer.get_token());
    scene.run_and_listen();
    CHECK(scene.told == std::this_thread::get_id());
}

TEST_CASE("nothing is told of a stop that nobody has asked for, or after it is gone") {
    Scene scene;
    scene.stop.emplace(scene.io.get_executor(), scene.outer.get_token());
    const auto token = scene.stop->token();
    scene.run_and_listen();
    CHECK(scene.told == std::thread::id());
    scene.stop.reset();
    scene.outer.request_stop();
    scene.io.restart();
    scene.io.run();
    CHECK_FALSE(token.stop_requested());
}

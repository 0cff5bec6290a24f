#include "miner/mining/record_watch.hpp"

#include "storage/errc.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>

using namespace std::chrono_literals;
using miner::Hindrance;
using storage::Errc;
namespace asio = boost::asio;

namespace {

// A watch over a database of its own, with waits of moments.
struct Scene {
    tests::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "miner.db";
    std::unique_ptr<storage::Database> database =
        storage::Database::open(file, {.busy_wait = 1ms}).value();
    std::vector<Hindrance> told;
    std::vector<std::string> lines;
    std::chrono::milliseconds calm{1};

    // Runs the watch beside `play`, which then ends it.
    void run(std::function<asio::awaitable<void>(miner::RecordWatch&)> play) {
        asio::io_context io{1};
        miner::Lanes lanes;
        miner::Stop stop(io.get_executor());
        config::Logger log(config::Level::info, false,
                           [this](std::string_view line) { lines.emplace_back(line); });
        miner::RecordWatch watch({.lanes = lanes,
                                  .database = *database,
                                  .stop = stop,
                                  .log = log,
                                  .hindered = [this](Hindrance now) { told.push_back(now); },
                                  .again = 1ms,
                                  .calm = calm});
        std::exception_ptr failure;
        const auto note = [&](std::exception_ptr error) {
            if (error) failure = error;
        };
        asio::co_spawn(io, watch.run(), note);
        asio::co_spawn(io, play(watch), [&](std::exception_ptr error) {
            note(error);
            stop.ask();
        });
        io.run();
        if (failure) std::rethrow_exception(failure);
    }

    asio::awaitable<void> until_told(std::size_t count) {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int i = 0; i < 20'000 && told.size() < count; ++i) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        CHECK(told.size() == count);
    }
};

}  // namespace

TEST_CASE("a database that takes nothing is in the way until it does again") {
    Scene scene;
    scene.run([&](miner::RecordWatch&) -> asio::awaitable<void> {
        std::optional<tests::Outsider::Hold> hold;
        hold.emplace(scene.file);
        co_await scene.until_told(1);
        hold.reset();
        co_await scene.until_told(2);
    });
    REQUIRE(scene.told.size() == 2);
    CHECK(scene.told[0].why.find("cannot be written") != std::string::npos);
    CHECK(scene.told[0].why.find("miner.db") == std::string::npos);
    CHECK(scene.told[0].detail.find("miner.db") != std::string::npos);
    CHECK(scene.told[1] == Hindrance{});
    REQUIRE(scene.lines.size() == 2);
    CHECK(scene.lines[0].find("database not writable") != std::string::npos);
    CHECK(scene.lines[1].find("database writable again") != std::string::npos);
}

TEST_CASE("while all is well it looks seldom, and others have their turn") {
    Scene scene;
    scene.calm = 1h;
    int turns = 0;
    scene.run([&](miner::RecordWatch& watch) -> asio::awaitable<void> {
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (; turns < 20; ++turns) {
            timer.expires_after(1ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
        watch.recorded(config::fail(Errc::full, "no room"));
        co_await scene.until_told(2);  // it does not wait an hour for the next look
    });
    CHECK(turns == 20);
}

TEST_CASE("a step that failed counts at once, and so does one that succeeds") {
    Scene scene;
    scene.run([&](miner::RecordWatch& watch) -> asio::awaitable<void> {
        watch.recorded(config::fail(Errc::corrupt, "no such table"));
        CHECK(scene.told.size() == 1);
        // Looks go on meanwhile; that the file takes something does not mend a table.
        asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
        co_await timer.async_wait(asio::use_awaitable);
        CHECK(scene.told.size() == 1);
        watch.recorded({});
        CHECK(scene.told.size() == 2);
        watch.recorded(config::fail(Errc::out_of_order, "a mistake of ours"));
        CHECK(scene.told.size() == 2);
    });
}

// A scorer that does not come back.
#include "miner/generation/predictor.hpp"

#include "network/run_alone.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using generator::Errc;
using Clock = std::chrono::steady_clock;

struct Bench {
    std::shared_ptr<tests::ScorerScript> script = std::make_shared<tests::ScorerScript>();
    asio::io_context io{1};
    miner::Predictor predictor{io.get_executor()};
    std::stop_source over;
    miner::GenerationRequest request = tests::small_png();

    Bench() { over.request_stop(); }

    void run(asio::awaitable<void> work) {
        network::run_alone(io, std::move(work));
        io.restart();
    }

    asio::awaitable<void> load() {
        const auto make = tests::make_fake_predictor(script);
        auto loading = predictor.load(make, {});
        const auto loaded = co_await std::move(loading);
        CHECK(loaded.has_value());
    }

    // Asks, and waits for the answer until `until` or, where nobody is `patient`, not at all.
    asio::awaitable<std::optional<config::Error>> ask(bool patient) {
        const miner::Predictor::Patience patience{
            .until = Clock::now() + 10min, .stop = patient ? std::stop_token() : over.get_token()};
        auto asking = predictor.ask(request, patience);
        const auto query = co_await std::move(asking);
        if (query) co_return std::nullopt;
        co_return query.error();
    }
};

}  // namespace

TEST_CASE("of a scorer that does not come back no more is asked, until it does") {
    Bench bench;
    bench.script->asks_held = true;
    const auto story = [&]() -> asio::awaitable<void> {
        co_await bench.load();
        for (int i = 0; i < 2; ++i) {
            const auto given_up = co_await bench.ask(false);
            CHECK(given_up.value().code == Errc::cancelled);
        }
        // At once, however patient, and without leaving it more to do.
        const auto refused = co_await bench.ask(true);
        CHECK(refused.value().code == Errc::cancelled);
        CHECK(refused.value().detail.find("does not come back") != std::string::npos);
        bench.script->asks_held = false;
        auto answer = co_await bench.ask(true);
        while (answer) {
            // Io has to hear of the two first.
            auto turn = asio::post(asio::use_awaitable);
            co_await std::move(turn);
            answer = co_await bench.ask(true);
        }
        CHECK(bench.script->conditions.size() == 3);
    };
    bench.run(story());
}

TEST_CASE("a scorer that is at what nobody waits for any more, for long, is told of") {
    Bench bench;
    std::atomic<int> told = 0;
    bench.predictor.on_stuck([&] { ++told; }, 1ms);
    const auto story = [&]() -> asio::awaitable<void> {
        co_await bench.load();
        const auto networks_read = co_await bench.ask(true);
        CHECK_FALSE(networks_read);
        bench.script->asks_held = true;
        const auto given_up = co_await bench.ask(false);
        CHECK(given_up.has_value());
        // As an orderly end does, which a scorer that hangs would hold up for good.
        co_await bench.predictor.unload();
    };
    std::thread release([&] {
        CHECK(tests::eventually([&] { return told > 0; }));
        bench.script->asks_held = false;
    });
    bench.run(story());
    release.join();
}

TEST_CASE("a scorer that takes its time while somebody waits is not told of") {
    Bench bench;
    bool told = false;
    bench.predictor.on_stuck([&] { told = true; }, 1ms);
    bench.script->asks_held = true;
    std::thread release([&] {
        CHECK(tests::eventually([&] { return bench.script->conditions.size() == 1; }));
        std::this_thread::sleep_for(50ms);
        bench.script->asks_held = false;
    });
    const auto story = [&]() -> asio::awaitable<void> {
        co_await bench.load();
        const auto failed = co_await bench.ask(true);
        CHECK_FALSE(failed);
    };
    bench.run(story());
    release.join();
    CHECK_FALSE(told);
}

TEST_CASE("a scorer that reads its networks slowly, for the first of a kind, is not told of") {
    Bench bench;
    const bool of_words = GENERATE(false, true);
    CAPTURE(of_words);
    const miner::GenerationRequest first = tests::small_png(), other = generator::Prompt{"a chair"};
    bool told = false;
    bench.predictor.on_stuck([&] { told = true; }, 1ms);
    std::thread release([&] {
        CHECK(tests::eventually([&] { return bench.script->conditions.size() == 2; }));
        std::this_thread::sleep_for(50ms);
        bench.script->asks_held = false;
    });
    const auto story = [&]() -> asio::awaitable<void> {
        co_await bench.load();
        bench.request = of_words ? first : other;
        const auto other_networks_read = co_await bench.ask(true);
        CHECK_FALSE(other_networks_read);
        bench.script->asks_held = true;
        bench.request = of_words ? other : first;
        const auto given_up = co_await bench.ask(false);
        CHECK(given_up.has_value());
    };
    bench.run(story());  // until the job has ended, which nobody waits for
    release.join();
    CHECK_FALSE(told);
}

// Candidates where several miners stand behind one address.
#include "tests/miner/balancer.hpp"
#include "tests/miner/generation/production_bench.hpp"
#include "tests/miner/serving.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/eventually.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <chrono>
#include <thread>

using storage::Outcome;
using tests::Balancer;
using tests::Serving;
namespace asio = boost::asio;

TEST_CASE("whoever only makes candidates keeps no place behind a balancer from other tasks") {
    std::array<Serving, 2> servers;
    for (auto& server : servers) {
        server.script->voxels = {1000};
        server.start();
    }
    const Balancer balancer(
        [&](bool, int before) { return servers[std::size_t(before) % 2].port(); });
    tests::ProductionBench bench;
    bench.want_candidates(2);
    bench.settings.generator.device = "none";
    bench.settings.generator.remote = {balancer.url()};
    bench.scorer->held = true;
    const auto stages = [&](auto count) {
        return (servers[0].script.get()->*count) + (servers[1].script.get()->*count);
    };
    // Once the first has made its candidate, and waits for scores, two others come. Neither ends
    // before both are at work.
    std::array<miner::GenerationResult, 2> others;
    const auto another = [&](miner::Production& production,
                             miner::GenerationResult& result) -> asio::awaitable<void> {
        miner::GenerationRequest request = tests::small_png();
        miner::Production::Watch watch{.task = "another"};
        auto producing = production.produce(std::move(request), 50, {}, std::move(watch));
        result = co_await std::move(producing);
    };
    std::thread release;
    const auto come = [&](asio::io_context& io,
                          miner::Production& production) -> asio::awaitable<void> {
        asio::steady_timer timer(io);
        while (stages(&tests::Script::stage2_runs) < 2 || bench.scorer->begun == 0) {
            timer.expires_after(std::chrono::milliseconds(1));
            co_await timer.async_wait(asio::use_awaitable);
        }
        for (auto& server : servers) server.script->held = true;
        for (auto& result : others) asio::co_spawn(io, another(production, result), asio::detached);
        release = std::thread([&] {
            CHECK(tests::eventually([&] { return stages(&tests::Script::stage1_runs) == 4; }));
            for (auto& server : servers) server.script->held = false;
            bench.scorer->held = false;
        });
    };
    bench.beside = [&](asio::io_context& io, miner::Production& production) {
        asio::co_spawn(io, come(io, production), asio::detached);
    };
    const auto result = bench.produce();
    if (release.joinable()) release.join();
    Serving::stop_all({&servers[0], &servers[1]});
    CHECK(result.outcome == Outcome::passed);
    for (const auto& other : others) CHECK(other.outcome == Outcome::passed);
}

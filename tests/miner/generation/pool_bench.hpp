// A miner with a pool of backends and no subnet.
#pragma once

#include "miner/generation/production.hpp"
#include "network/await_all.hpp"
#include "tests/miner/generation/production_bench.hpp"
#include "tests/miner/serving.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace tests {

namespace asio = boost::asio;

struct PoolBench {
    config::Settings settings = small_gate();
    std::shared_ptr<Script> script = std::make_shared<Script>();  // of its devices
    std::map<std::string, std::shared_ptr<Script>> scripts;       // of those that have their own
    Guarded<std::vector<std::string>> devices;  // generators were made for, on their lanes
    std::vector<std::string> lines;
    std::vector<miner::MemoryWatch::Step> told_memory;
    miner::GenerationRequest request = small_png();
    std::stop_source stop;
    // Asked on io every millisecond: from then on nobody wants the results any more. May be empty.
    std::function<bool()> stop_once;

    PoolBench() {
        settings.generator.device = "none";
        settings.generator.deadline = std::chrono::minutes(10);
        script->voxels = {100};
    }
    explicit PoolBench(std::initializer_list<const Serving*> servers) : PoolBench() {
        for (const auto* server : servers) settings.generator.remote.push_back(server->url());
    }

    std::vector<miner::GenerationResult> produce(int count) {
        asio::io_context io{1};
        miner::Lanes lanes;
        config::Logger log(config::Level::info, false,
                           [this](std::string_view line) { lines.emplace_back(line); });
        const auto pool = miner::BackendPool::build(lanes, log, settings.generator).value();
        miner::Production production(lanes, *pool, log,
                                     miner::read_generation_config(settings).value());
        std::vector<miner::GenerationResult> results{std::size_t(count)};
        std::exception_ptr failure;
        const auto make = [this](const config::Generator& how) {
            devices.push_back(how.device);
            const auto own = scripts.find(how.device);
            return make_fake(own == scripts.end() ? script : own->second)(how);
        };
        production.on_memory(
            [this](miner::MemoryWatch::Step step) { told_memory.push_back(step); });
        const auto one = [&](miner::GenerationResult& result) -> asio::awaitable<void> {
            miner::Production::Watch watch{.task = "t"};
            const auto token = stop.get_token();
            auto what = request;
            result = co_await production.produce(std::move(what), 7, token, std::move(watch));
        };
        bool over = false;
        const auto ask_whether_to_stop = [&]() -> asio::awaitable<void> {
            asio::steady_timer timer(io);
            while (!over && !stop_once()) {
                timer.expires_after(std::chrono::milliseconds(1));
                co_await timer.async_wait(asio::use_awaitable);
            }
            if (!over) stop.request_stop();
        };
        if (stop_once) asio::co_spawn(io, ask_whether_to_stop(), asio::detached);
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                const miner::MakeGenerator make_generator = make;
                const auto loaded = co_await pool->load(make_generator);
                if (!loaded) throw std::runtime_error(loaded.error().message());
                able = pool->able();
                places = pool->places();
                std::vector<asio::awaitable<void>> requests;
                for (auto& result : results) requests.push_back(one(result));
                co_await network::await_all(std::move(requests));
                able_after = pool->able();
                co_await pool->unload();
            },
            [&](std::exception_ptr error) {
                failure = error;
                over = true;
            });
        io.run();
        if (failure) std::rethrow_exception(failure);
        return results;
    }
    miner::GenerationResult produce() { return std::move(produce(1).front()); }

    bool says(const std::string& words) const {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const auto& line) { return line.find(words) != std::string::npos; });
    }

    bool able = false, able_after = false;
    std::size_t places = 0;  // when all was loaded
};

}  // namespace tests

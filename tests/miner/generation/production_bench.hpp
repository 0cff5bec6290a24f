// A production with a scripted generator, and what it said meanwhile.
#pragma once

#include "miner/generation/production.hpp"
#include "tests/support/fake_generator.hpp"

#include <boost/asio/io_context.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tests {

namespace asio = boost::asio;

// 32 Gaussians a voxel: the gate is at 100 voxels, the floor at 10.
inline config::Settings small_gate() {
    config::Settings settings;
    settings.gate.min_gaussians = 3200;
    settings.gate.floor = 320;
    return settings;
}

struct ProductionBench {
    std::shared_ptr<Script> script = std::make_shared<Script>();
    config::Settings settings = small_gate();
    std::vector<std::string> lines;
    std::vector<storage::Attempt> attempts;
    std::vector<std::string> stages;
    miner::GenerationRequest request = small_png();
    std::stop_source stop;

    miner::GenerationResult produce() {
        asio::io_context io{1};
        miner::Lanes lanes;
        config::Logger log(config::Level::info, false,
                           [this](std::string_view line) { lines.emplace_back(line); });
        const auto pool = miner::BackendPool::build(lanes, log, settings.generator).value();
        miner::Production production(lanes, *pool, log,
                                     miner::read_generation_config(settings).value());
        miner::GenerationResult result;
        std::exception_ptr failure;
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                const auto make_generator = make_fake(script);
                const auto loaded = co_await pool->load(make_generator);
                REQUIRE(loaded.has_value());
                miner::Production::Watch watch{.task = "t1"};
                watch.stage = [this](std::string_view stage) { stages.emplace_back(stage); };
                watch.attempt = [this](storage::Attempt attempt) -> asio::awaitable<void> {
                    attempts.push_back(attempt);
                    co_return;
                };
                result = co_await production.produce(request, 7, stop.get_token(), watch);
            },
            [&](std::exception_ptr error) { failure = error; });
        io.run();
        if (failure) std::rethrow_exception(failure);
        return result;
    }

    // The line of that event, or nothing.
    std::string line(const std::string& event) const {
        const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto& l) {
            return l.find(" " + event + " task=t1") != std::string::npos;
        });
        return found == lines.end() ? "" : *found;
    }
};

inline bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

inline std::vector<std::uint8_t> opaque_png() {
    return generator::encode_png({8, 8, 3, std::vector<std::uint8_t>(8 * 8 * 3, 90)});
}

}  // namespace tests

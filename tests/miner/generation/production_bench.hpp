// A production with a scripted generator, and what it said meanwhile.
#pragma once

#include "generator/splat/spz.hpp"
#include "miner/generation/production.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/fake_scorer.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
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
    // Where there is a plan, candidates are made of it.
    std::shared_ptr<ScorerScript> scorer = std::make_shared<ScorerScript>();
    std::optional<miner::CandidatePlan> plan;
    std::vector<storage::Attempt> completed;
    std::function<void(const storage::Attempt&)> at_completed;  // called first; may throw
    std::vector<std::pair<int, std::size_t>> splats;  // attempt and Gaussians of each SPZ told
    bool gate_decided = false;
    // Called when candidates begin; may start more work on the same production.
    std::function<void(asio::io_context&, miner::Production&)> beside;
    int tasks = 1;  // one after the other; the result is of the last
    // Called once the scorer is loaded; may start work on it.
    std::function<void(asio::io_context&, miner::Predictor&)> at_start;
    bool released_at_end = false;  // the scorer, once the result is there
    std::function<void()> at_end;  // called then
    int at_work_at_end = -1;       // stages that the production left behind when it ended

    // Of up to `most`, with plenty of time.
    void want_candidates(int most) {
        // A validator refuses what has fewer than 7000 Gaussians unseen.
        settings.gate.min_gaussians = 32'000;
        settings.gate.floor = 8'000;
        settings.candidates.most = most;
        plan = {.settings = settings.candidates, .calibration = {}, .left = [] {
                    return std::chrono::minutes(5);
                }};
        script->voxels = {1000};
    }

    miner::GenerationResult produce() {
        asio::io_context io{1};
        miner::Lanes lanes;
        config::Logger log(config::Level::info, false,
                           [this](std::string_view line) { lines.emplace_back(line); });
        const auto pool = miner::BackendPool::build(lanes, log, settings.generator).value();
        miner::Predictor predictor(io.get_executor());
        miner::Production production(lanes, *pool, log,
                                     miner::read_generation_config(settings).value(), &predictor);
        miner::GenerationResult result;
        std::exception_ptr failure;
        asio::co_spawn(
            io,
            [&]() -> asio::awaitable<void> {
                const auto make_generator = make_fake(script);
                const auto loaded = co_await pool->load(make_generator);
                REQUIRE(loaded.has_value());
                if (plan) {
                    const auto make_predictor = make_fake_predictor(scorer);
                    const auto ready = co_await predictor.load(make_predictor, settings.score);
                    REQUIRE(ready.has_value());
                    if (at_start) at_start(io, predictor);
                }
                miner::Production::Watch watch{.task = "t1"};
                watch.gate_decided = [&] {
                    gate_decided = true;
                    if (beside) beside(io, production);
                };
                watch.completed = [this](storage::Attempt attempt) -> asio::awaitable<void> {
                    if (at_completed) at_completed(attempt);
                    completed.push_back(attempt);
                    co_return;
                };
                watch.splats = [this](const storage::Attempt& attempt, auto spz) {
                    splats.emplace_back(attempt.number,
                                        generator::read_spz_as_validator(*spz)->size());
                };
                watch.stage = [this](std::string_view stage) { stages.emplace_back(stage); };
                watch.attempt = [this](storage::Attempt attempt) -> asio::awaitable<void> {
                    attempts.push_back(attempt);
                    co_return;
                };
                for (int task = 0; task < tasks; ++task) {
                    auto planned = plan;
                    result = co_await production.produce(request, 7, stop.get_token(), watch,
                                                         std::move(planned));
                }
            },
            [&](std::exception_ptr error) {
                failure = error;
                at_work_at_end = script->at_work;
                if (released_at_end) scorer->held = false;
                if (at_end) at_end();
            });
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

// miner bench --candidates: how many results of one task are made and scored in the time that a
// validator leaves free, on the way that mining takes.
#include "config/elapsed.hpp"
#include "config/escape.hpp"
#include "generator/image/decode.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/generation/production.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/signals.hpp"
#include "miner/runtime/stop_on_io.hpp"
#include "network/run_alone.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace miner {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRunsOnGpu = 3;

// What was made of one task.
struct Task {
    double window = 0;              // milliseconds, to its end
    int structures = 0;             // stage 1
    int candidates = 0;             // scored
    double device = 0;              // milliseconds that its stages took
    std::vector<double> each = {};  // milliseconds from one scored candidate to the next
    double first = -1;              // milliseconds to the first one's score
};

struct Report {
    generator::ModelInfo model;
    std::string scorer;
    std::vector<Task> tasks;
};

// Noise, another one for each task.
GenerationRequest request_for(const generator::ModelInfo& model, int task) {
    if (model.picture_size == 0) return generator::Prompt{fmt::format("bench {}", task)};
    constexpr int kSide = 1024;
    generator::Image picture{kSide, kSide, 3,
                             std::vector<std::uint8_t>(std::size_t(kSide) * kSide * 3)};
    std::minstd_rand random{std::minstd_rand::result_type(task + 1)};
    for (auto& value : picture.pixels) value = std::uint8_t(random() >> 8);
    return generator::encode_png(picture);
}

double quantile(std::vector<double> all, double part) {
    if (all.empty()) return -1;
    std::sort(all.begin(), all.end());
    return all[std::size_t(part * double(all.size() - 1) + 0.5)];
}

class Bench {
public:
    Bench(const CommandLine& line, const CandidateBench& bench)
        : line_(line), bench_(bench), settings_(line.loaded.settings) {
        // Random weights pass every gate, and no score is ever enough.
        settings_.gate = {.min_gaussians = 1, .floor = 1};
        settings_.generator.remote.clear();
        settings_.generator.matting = "never";
        settings_.candidates.enough = std::numeric_limits<double>::infinity();
        if (line.loaded.is_preset("candidates.most"))
            settings_.candidates.most = std::numeric_limits<int>::max() / 100;
        settings_.score.model = "random";
    }

    // Nothing when a complaint was made, which `code` goes with.
    std::optional<Report> run(ExitCode& code) {
        const auto fail = [&](const char* what, const config::Error& error, ExitCode end) {
            complain(what, error);
            code = end;
            return std::nullopt;
        };
        auto generation_config = read_generation_config(settings_);
        if (!generation_config) return fail("enhance", generation_config.error(), ExitCode::usage);
        auto pool = BackendPool::build(lanes_, log_, settings_.generator, BackendPool::Extent::one);
        if (!pool) return fail("generator", pool.error(), ExitCode::usage);
        Production production(lanes_, **pool, log_, std::move(*generation_config), &predictor_);
        std::optional<Failure> no_model;
        network::run_alone(io_, work(**pool, production, no_model));
        if (no_model) return fail("bench", no_model->error, no_model->code);
        if (interrupt_.token().stop_requested()) {
            code = ExitCode::interrupted;
            return std::nullopt;
        }
        return std::move(report_);
    }

private:
    struct Failure {
        config::Error error;
        ExitCode code;
    };

    asio::awaitable<void> work(BackendPool& pool, Production& production,
                               std::optional<Failure>& no_model) {
        const auto& asked = line_.bench;
        const auto make = [&](const config::Generator& settings) {
            return bench_.generator(
                {.model = asked.model, .voxels = asked.voxels, .steps = asked.steps}, settings);
        };
        const auto loaded = co_await pool.load(make, Start::warm);
        if (!loaded) {
            no_model = Failure{loaded.error(),
                               exit_code_without_model(loaded.error(), settings_.generator)};
            co_return;
        }
        const auto scores = co_await predictor_.load(bench_.predictor, settings_.score);
        if (!scores) {
            no_model = Failure{scores.error(),
                               exit_code_without_model(scores.error(), settings_.score.device)};
        } else {
            report_.model = pool.info();
            report_.scorer = predictor_.name();
            interrupt_.let_finish();
            const bool on_gpu = report_.model.device.starts_with("cuda");
            const int runs = asked.runs.value_or(on_gpu ? kRunsOnGpu : 1);
            for (int run = 0; run < runs && !interrupt_.token().stop_requested(); ++run) {
                auto task = co_await make_task(production, run);
                report_.tasks.push_back(std::move(task));
            }
        }
        co_await predictor_.unload();
        co_await pool.unload();
    }

    asio::awaitable<Task> make_task(Production& production, int number) {
        Task task;
        auto request = request_for(report_.model, number);
        const auto begin = Clock::now();
        const auto until = begin + std::chrono::seconds(*line_.bench.candidates);
        auto last = begin;
        Production::Watch watch{.task = fmt::format("bench {}", number + 1)};
        watch.attempt = [&task](storage::Attempt attempt) -> asio::awaitable<void> {
            task.structures += attempt.gaussians >= 0;
            co_return;
        };
        watch.completed = [&](storage::Attempt attempt) -> asio::awaitable<void> {
            if (!attempt.predicted) co_return;
            const auto now = Clock::now();
            const std::chrono::duration<double, std::milli> passed = now - last;
            (task.candidates++ == 0 ? task.first : task.each.emplace_back()) = passed.count();
            last = now;
        };
        CandidatePlan plan{
            .settings = settings_.candidates, .calibration = {}, .left = [until] {
                return std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
            }};
        const auto stop = stop_.token();
        auto making = production.produce(std::move(request), std::uint64_t(number) * 1000, stop,
                                         std::move(watch), std::move(plan));
        auto result = co_await std::move(making);
        task.window = config::milliseconds_since(begin);
        for (const auto& attempt : result.attempts) {
            const auto& t = attempt.times;
            for (const double stage : {t.encode, t.structure, t.occupancy, t.latent, t.gaussians})
                task.device += std::max(stage, 0.0);
        }
        co_return task;
    }

    const CommandLine& line_;
    const CandidateBench& bench_;
    config::Settings settings_;
    config::Logger log_{config::Level::warn, false,
                        [](std::string_view line) { fmt::print(stderr, "{}\n", line); }};
    Interrupt interrupt_{"stopped"};
    asio::io_context io_{1};
    const StopOnIo stop_{io_.get_executor(), interrupt_.token()};
    Lanes lanes_;
    Predictor predictor_{io_.get_executor()};
    Report report_;
};

boost::json::value to_json(const BenchCommandOptions& asked, const Report& report) {
    boost::json::array tasks;
    for (const auto& task : report.tasks)
        tasks.push_back({{"candidates", task.candidates},
                         {"structures", task.structures},
                         {"window_ms", task.window},
                         {"device_ms", task.device},
                         {"first_ms", task.first},
                         {"each_ms", boost::json::array(task.each.begin(), task.each.end())}});
    return {{"model", asked.model},          {"weights", "random"},
            {"device", report.model.device}, {"dtype", report.model.dtype},
            {"scorer", report.scorer},       {"voxels", asked.voxels},
            {"seconds", *asked.candidates},  {"tasks", std::move(tasks)}};
}

void print_for_people(const BenchCommandOptions& asked, const Report& report) {
    fmt::print("{} with random weights on {} in {}, scored by {}\n", asked.model,
               report.model.device, report.model.dtype, report.scorer);
    fmt::print("objects of about {} voxels, {} s a task\n\n", asked.voxels, *asked.candidates);
    fmt::print("{:<6} {:>10} {:>11} {:>11} {:>11} {:>11} {:>13}\n", "task", "candidates",
               "structures", "first, ms", "later, ms", "slowest, ms", "stages' share");
    for (std::size_t i = 0; i < report.tasks.size(); ++i) {
        const auto& task = report.tasks[i];
        fmt::print("{:<6} {:>10} {:>11} {:>11.0f} {:>11.0f} {:>11.0f} {:>12.1f}%\n", i + 1,
                   task.candidates, task.structures, task.first, quantile(task.each, 0.5),
                   quantile(task.each, 1), 100 * task.device / std::max(task.window, 1.0));
    }
}

}  // namespace

ExitCode bench_candidates_command(const CommandLine& line, const CandidateBench& bench) {
    auto code = ExitCode::ok;
    const auto report = Bench(line, bench).run(code);
    if (!report) return code;
    if (line.bench.json)
        fmt::print("{}\n", config::json_text(boost::json::serialize(to_json(line.bench, *report))));
    else
        print_for_people(line.bench, *report);
    return ExitCode::ok;
}

}  // namespace miner

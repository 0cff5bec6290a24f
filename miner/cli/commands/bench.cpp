// miner bench: what a published architecture takes on this machine, stage by stage.
#include "config/escape.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/signals.hpp"
#include "weights/scorer_plan.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace miner {
namespace {

using Tasks = std::vector<generator::BenchTask>;

struct Stage {
    const char* key;    // in JSON
    const char* words;  // for people
    double generator::StageTimes::*time;
};

constexpr std::array kStages{
    Stage{"prepare", "enhance and crop", &generator::StageTimes::prepare},
    Stage{"encode", "encoder", &generator::StageTimes::encode},
    Stage{"structure", "structure flow", &generator::StageTimes::structure},
    Stage{"occupancy", "structure decoder", &generator::StageTimes::occupancy},
    Stage{"latent", "latent flow", &generator::StageTimes::latent},
    Stage{"gaussians", "Gaussian decoder", &generator::StageTimes::gaussians},
    Stage{"compress", "export and SPZ", &generator::StageTimes::compress},
};

using Time = std::function<double(const generator::BenchTask&)>;

double quantile(std::span<const generator::BenchTask> tasks, double part, const Time& time) {
    std::vector<double> times;
    for (const auto& task : tasks) times.push_back(time(task));
    std::sort(times.begin(), times.end());
    return times.empty() ? -1 : times[std::size_t(std::lround(part * double(times.size() - 1)))];
}

boost::json::array to_json(const Tasks& tasks) {
    boost::json::array list;
    for (const auto& task : tasks) {
        boost::json::object ms{{"total", task.total}};
        for (const auto& stage : kStages)
            if (const double time = task.times.*stage.time; time >= 0) ms[stage.key] = time;
        list.push_back({{"voxels", task.voxels},
                        {"gaussians", task.gaussians},
                        {"bytes", task.bytes},
                        {"ms", std::move(ms)}});
    }
    return list;
}

boost::json::value fit_json(const std::optional<generator::Fit>& fit) {
    if (!fit) return nullptr;
    return {{"need_bytes", fit->need.total()}, {"free_bytes", fit->free()}};
}

boost::json::value to_json(const std::string& model, const generator::BenchReport& report) {
    boost::json::array networks;
    for (const auto& network : report.networks)
        networks.push_back({{"name", network.name}, {"parameters", network.parameters}});
    return {{"model", model},
            {"weights", "random"},
            {"device", report.device},
            {"dtype", report.dtype},
            {"networks", networks},
            {"build_ms", report.build},
            {"warm_up_ms", report.warm_up},
            {"peak_bytes", report.peaks.most()},
            {"peaks",
             {{"build", report.peaks.build},
              {"warm_up", report.peaks.warm_up},
              {"structure", report.peaks.structure},
              {"splats", report.peaks.splats}}},
            {"device_allocations", report.device_allocations
                                       ? boost::json::value(*report.device_allocations)
                                       : boost::json::value()},
            {"memory", fit_json(report.fit)},
            {"new_shapes", to_json(report.new_shapes)},
            {"once_more", to_json(report.once_more)}};
}

// The first task, and of all later ones the median and the slowest.
void print_row(const char* name, const generator::BenchReport& report, const Time& time) {
    const std::span all(report.new_shapes);
    if (time(all.front()) < 0) return;
    fmt::print("{:<18} {:>10.1f}", name, time(all.front()));
    if (all.size() > 1)
        fmt::print(" {:>10.1f} {:>10.1f} {:>12.1f}", quantile(all.subspan(1), 0.5, time),
                   quantile(all.subspan(1), 1, time), quantile(report.once_more, 0.5, time));
    fmt::print("\n");
}

void print_for_people(const std::string& model, const generator::BenchReport& report) {
    fmt::print("{} with random weights on {} in {}\n\n", model, report.device, report.dtype);
    std::int64_t all = 0;
    for (const auto& network : report.networks) {
        fmt::print("{:<18} {:>8.1f} M parameters\n", network.name,
                   double(network.parameters) / 1e6);
        all += network.parameters;
    }
    fmt::print("{:<18} {:>8.1f} M\n\n", "together", double(all) / 1e6);
    print_fit(report.fit);
    const auto gib = [](std::int64_t bytes) { return double(bytes) / double(1 << 30); };
    fmt::print("built in {:.1f} s, warmed up in {:.1f} s\n", report.build / 1000,
               report.warm_up / 1000);
    fmt::print(
        "at most {:.2f} GiB: {:.2f} built, {:.2f} warmed up, {:.2f} for a structure, {:.2f} "
        "for splats\n",
        gib(report.peaks.most()), gib(report.peaks.build), gib(report.peaks.warm_up),
        gib(report.peaks.structure), gib(report.peaks.splats));
    if (report.device_allocations)
        fmt::print("{} times memory was asked of the driver since\n", *report.device_allocations);
    fmt::print("\n");
    const auto& tasks = report.new_shapes;
    if (tasks.size() > 1)
        fmt::print("{:<18} {:>10} {:>21} {:>12}\n{:<18} {:>10} {:>10} {:>10} {:>12}\n",
                   "milliseconds", "first", "later, new shapes", "once more", "", "", "median",
                   "slowest", "median");
    else
        fmt::print("{:<18} {:>10}\n", "milliseconds", "first");
    for (const auto& stage : kStages)
        print_row(stage.words, report, [&](const auto& task) { return task.times.*stage.time; });
    print_row("all, to SPZ", report, [](const auto& task) { return task.total; });
    const auto [least, most] =
        std::minmax_element(tasks.begin(), tasks.end(),
                            [](const auto& a, const auto& b) { return a.voxels < b.voxels; });
    fmt::print("\n{} to {} voxels, {} to {} Gaussians\n", least->voxels, most->voxels,
               least->gaussians, most->gaussians);
}

}  // namespace

void print_fit(const std::optional<generator::Fit>& fit) {
    if (!fit) return;
    fmt::print("{}\n", generator::describe(*fit));
    if (!fit->fits()) fmt::print("  may not fit: {}\n", generator::remedy_of(*fit));
}

ExitCode bench_command(const CommandLine& line, const RunBench& run_bench,
                       const RunScorerBench& run_scorer_bench, const CandidateBench& candidates) {
    if (line.bench.model == weights::kScorerName)
        return bench_scorer_command(line, run_scorer_bench);
    if (line.bench.candidates) return bench_candidates_command(line, candidates);
    const Interrupt interrupt("stopped");
    const auto& asked = line.bench;
    const auto report = run_bench(
        {.model = asked.model, .voxels = asked.voxels, .steps = asked.steps, .runs = asked.runs},
        line.loaded.settings.generator, {});
    if (!report) {
        complain("bench", report.error());
        return exit_code_without_model(report.error(), line.loaded.settings.generator.device);
    }
    if (asked.json)
        fmt::print("{}\n",
                   config::json_text(boost::json::serialize(to_json(asked.model, *report))));
    else
        print_for_people(asked.model, *report);
    return ExitCode::ok;
}

}  // namespace miner

// miner bench --model validator-scorer: what a candidate's score takes beyond its generation.
#include "config/escape.hpp"
#include "generator/errc.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/signals.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace miner {
namespace {

using generator::ScoredCandidate;
using generator::ScorerKindReport;

struct Step {
    const char* key;    // in JSON
    const char* words;  // for people
    double ScoredCandidate::*time;
};

constexpr std::array kSteps{Step{"read", "read the SPZ", &ScoredCandidate::read},
                            Step{"views", "draw its views", &ScoredCandidate::views},
                            Step{"score", "networks", &ScoredCandidate::score},
                            Step{"total", "all", &ScoredCandidate::total}};

double quantile(std::span<const ScoredCandidate> all, double part, double ScoredCandidate::*time) {
    std::vector<double> times;
    for (const auto& each : all) times.push_back(each.*time);
    std::sort(times.begin(), times.end());
    return times[std::size_t(std::lround(part * double(times.size() - 1)))];
}

boost::json::object to_json(const ScorerKindReport& report) {
    boost::json::array runs;
    for (const auto& each : report.candidates) {
        boost::json::object ms;
        for (const auto& step : kSteps) ms[step.key] = each.*step.time;
        runs.push_back(
            {{"gaussians", each.gaussians}, {"bytes", each.bytes}, {"ms", std::move(ms)}});
    }
    return {{"load_ms", report.load},
            {"ask_ms", report.ask},
            {"peak_bytes", report.peak_bytes},
            {"runs", std::move(runs)}};
}

// The first candidate, and of all later ones the median and the slowest.
void print_kind(const char* name, const ScorerKindReport& report) {
    fmt::print("\n{}: networks read in {:.1f} s, a task's {} in {:.1f} ms; at most {:.2f} GiB\n",
               name, report.load / 1000, name, report.ask,
               double(report.peak_bytes) / double(1 << 30));
    const std::span all(report.candidates);
    fmt::print("{:<18} {:>10} {:>10} {:>10}\n", "milliseconds", "first", "later", "slowest");
    for (const auto& [key, words, time] : kSteps) {
        fmt::print("{:<18} {:>10.1f}", words, all.front().*time);
        if (all.size() > 1)
            fmt::print(" {:>10.1f} {:>10.1f}", quantile(all.subspan(1), 0.5, time),
                       quantile(all.subspan(1), 1, time));
        fmt::print("\n");
    }
}

}  // namespace

ExitCode bench_scorer_command(const CommandLine& line, const RunScorerBench& run) {
    const Interrupt interrupt("stopped");
    const auto& asked = line.bench;
    const auto& settings = line.loaded.settings;
    const auto report =
        run({.voxels = asked.voxels, .runs = asked.runs, .threads = settings.generator.threads},
            settings.score, {});
    if (!report) {
        complain("bench", report.error());
        return exit_code_without_model(report.error(), settings.score.device);
    }
    if (asked.json) {
        const boost::json::object object{{"model", asked.model},
                                         {"weights", "random"},
                                         {"device", report->device},
                                         {"dtype", report->dtype},
                                         {"voxels", asked.voxels},
                                         {"parameters", report->parameters},
                                         {"open_ms", report->open},
                                         {"words", to_json(report->words)},
                                         {"pictures", to_json(report->pictures)}};
        fmt::print("{}\n", config::json_text(boost::json::serialize(object)));
        return ExitCode::ok;
    }
    fmt::print("{} with random weights on {} in {}: {:.1f} M parameters\n", asked.model,
               report->device, report->dtype, double(report->parameters) / 1e6);
    fmt::print("{} Gaussians, a tenth more or less; opened in {:.1f} s\n", asked.voxels * 32,
               report->open / 1000);
    print_fit(report->fit);
    print_kind("words", report->words);
    print_kind("picture", report->pictures);
    return ExitCode::ok;
}

}  // namespace miner

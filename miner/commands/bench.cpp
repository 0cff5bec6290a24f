// miner bench: what a published architecture takes on this machine, stage by stage.
#include "miner/commands/commands.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace miner {
namespace {

boost::json::value to_json(const std::string& model, const generator::BenchReport& report) {
    boost::json::array networks, stages;
    for (const auto& network : report.networks)
        networks.push_back({{"name", network.name}, {"parameters", network.parameters}});
    for (const auto& stage : report.stages)
        stages.push_back(
            {{"name", stage.name}, {"ms", stage.milliseconds}, {"peak_bytes", stage.peak_bytes}});
    return {{"model", model},          {"weights", "random"},          {"device", report.device},
            {"dtype", report.dtype},   {"networks", networks},         {"stages", stages},
            {"voxels", report.voxels}, {"gaussians", report.gaussians}};
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
    double ms = 0;
    for (const auto& stage : report.stages) {
        fmt::print("{:<18} {:>10.1f} ms   at most {:>7.2f} GiB\n", stage.name, stage.milliseconds,
                   double(stage.peak_bytes) / double(1 << 30));
        if (stage.name != "build") ms += stage.milliseconds;
    }
    fmt::print("{:<18} {:>10.1f} ms   {} voxels, {} Gaussians\n", "without building", ms,
               report.voxels, report.gaussians);
}

}  // namespace

ExitCode bench_command(const CommandLine& line, const RunBench& run_bench) {
    const auto& asked = line.bench;
    const auto report =
        run_bench({.model = asked.model, .voxels = asked.voxels, .steps = asked.steps},
                  line.loaded.settings.generator, {});
    if (!report) {
        complain("bench", report.error());
        return ExitCode::model;
    }
    if (asked.json)
        fmt::print("{}\n", boost::json::serialize(to_json(asked.model, *report)));
    else
        print_for_people(asked.model, *report);
    return ExitCode::ok;
}

}  // namespace miner

// The subcommands, one file each. They print for people or programs on standard output and complain
// on standard error.
#pragma once

#include "config/log.hpp"
#include "generator/about.hpp"
#include "generator/bench.hpp"
#include "generator/render/rasterizer.hpp"
#include "miner/cli/command_line.hpp"
#include "miner/generation/device.hpp"
#include "miner/generation/predictor.hpp"
#include "storage/report.hpp"

#include <functional>
#include <optional>
#include <span>

namespace miner {

ExitCode run_command(const CommandLine& line, const MakeGenerator& make_generator,
                     const MakePredictor& make_predictor);
ExitCode serve_command(const CommandLine& line, const MakeGenerator& make_generator);
ExitCode rehearse_command(const CommandLine& line, const MakeGenerator& make_generator,
                          const MakePredictor& make_predictor);
ExitCode generate_command(const CommandLine& line, const MakeGenerator& make_generator);
ExitCode batch_command(const CommandLine& line, const MakeGenerator& make_generator,
                       const MakePredictor& make_predictor);
ExitCode check_command(const CommandLine& line, const MakeGenerator& make_generator,
                       const AskDevices& ask_devices);
ExitCode stats_command(const CommandLine& line);
ExitCode tune_command(const CommandLine& line);
ExitCode wallet_command(const CommandLine& line);
ExitCode top_command(const CommandLine& line);
ExitCode backup_command(const CommandLine& line);
ExitCode restore_command(const CommandLine& line);
ExitCode completion_command(const CommandLine& line);
ExitCode convert_command(const CommandLine& line);
ExitCode inspect_command(const CommandLine& line);
ExitCode weights_command(const CommandLine& line);

// Of these and the next, main hands in the real ones, so that everything but main builds without
// torch.
ExitCode render_command(const CommandLine& line, const MakeRasterizer& make_rasterizer);
ExitCode score_command(const CommandLine& line, const MakeScorer& make_scorer,
                       const MakeRasterizer& make_rasterizer);

// Measures.
using RunBench = std::function<config::Result<generator::BenchReport>(
    const generator::BenchOptions&, const config::Generator&, std::stop_token)>;
using RunScorerBench = std::function<config::Result<generator::ScorerBenchReport>(
    const generator::ScorerBenchOptions&, const config::Score&, std::stop_token)>;
// What candidates are made and scored by.
struct CandidateBench {
    std::function<config::Result<std::unique_ptr<generator::Generator>>(
        const generator::BenchOptions&, const config::Generator&)>
        generator;
    MakePredictor predictor;
};
ExitCode bench_command(const CommandLine& line, const RunBench& run_bench,
                       const RunScorerBench& run_scorer_bench, const CandidateBench& candidates);
ExitCode bench_scorer_command(const CommandLine& line, const RunScorerBench& run);
ExitCode bench_candidates_command(const CommandLine& line, const CandidateBench& bench);
// What a bench says before its numbers: whether what it loaded has room on the GPU.
void print_fit(const std::optional<generator::Fit>& fit);
ExitCode config_command(const CommandLine& line);
ExitCode version_command(const CommandLine& line, const generator::About& about);

// The database that --db or the storage folder names; before there is one, the rehearsal's.
std::filesystem::path find_database(const CommandLine& line);

// Which generations are asked for; --hotkey may be a name in the wallet, whose public half is
// enough. Fails where there is none.
config::Result<storage::Span> asked_span(const CommandLine& line);

// What its scores are, when it is the rehearsal's; empty: a validator's.
std::string scores_note(const std::filesystem::path& database);

// Says in the log that splats will be the embedded model's, where this machine makes any by it:
// nobody mines or serves by that on purpose.
void warn_of_embedded_model(const config::Settings& settings, config::Logger& log);

// Opens the log as the settings say; on failure prints why and returns nothing. From there on a
// crash leaves a report in the folder (miner/runtime/crash_report.hpp).
std::optional<config::Logger> open_log(const config::Settings& settings,
                                       const std::filesystem::path& folder);

// Of a command that prints what matters: no log file, beside a miner that may be rotating it, and
// no log on the console, but where the user asks for them.
config::Settings settings_with_quiet_log(const config::Loaded& loaded);

// A whole file; "-": standard input. Empty, with a complaint, when it cannot be read or is larger
// than max_bytes.
std::optional<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t max_bytes);

// A file whole or not at all, as config/durable_file has it. False, with a complaint, on failure.
bool write_file(const std::string& path, std::span<const std::uint8_t> bytes);

}  // namespace miner

// miner tune: settings proposed from what became of the tasks, with the evidence; changes nothing.
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/identities.hpp"
#include "miner/report/complaint.hpp"
#include "miner/report/tuning.hpp"
#include "miner/terminal/live_view.hpp"
#include "storage/database.hpp"
#include "storage/tuning_rows.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace miner {
namespace {

TuningSettings present(const config::Settings& settings) {
    return {.min_gaussians = settings.gate.min_gaussians,
            .floor = settings.gate.floor,
            .standard = settings.enhance.standard,
            .extreme = settings.enhance.extreme,
            .most = settings.candidates.most,
            .enough = settings.candidates.enough,
            .withhold = settings.candidates.withhold};
}

config::Result<Tuning> tuning_of(const CommandLine& line, const storage::Span& span,
                                 const std::filesystem::path& file) {
    const auto database = storage::Database::open(file, {.read_only = true});
    if (!database) return database.error();
    const auto rows = storage::tuning_rows(**database, span);
    if (!rows) return rows.error();
    return tune(*rows, present(line.loaded.settings));
}

}  // namespace

ExitCode tune_command(const CommandLine& line) {
    const auto span = asked_span(line);
    if (!span) {
        complain("--hotkey", span.error());
        return exit_code_without_hotkey(span.error());
    }
    const auto file = find_database(line);
    auto tuning = tuning_of(line, *span, file);
    if (!tuning) {
        complain("tune", tuning.error());
        return ExitCode::storage;
    }
    if (line.stats.form == StatsOptions::Form::json) {
        fmt::print("{}\n", render_tuning_json(*tuning));
    } else {
        auto options = terminal_options();
        options.scores_note = scores_note(file);
        fmt::print("{}", render_tuning(*tuning, options));
    }
    std::fflush(stdout);
    return ExitCode::ok;
}

}  // namespace miner

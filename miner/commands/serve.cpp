// miner serve: makes splats for whoever posts a picture to /generate, until it is stopped.
#include "miner/serve.hpp"
#include "config/version.hpp"
#include "miner/commands/commands.hpp"

namespace miner {

ExitCode serve_command(const CommandLine& line, const MakeGenerator& make_generator) {
    auto settings = line.loaded.settings;
    if (settings.http.listen.empty()) settings.http.listen = "127.0.0.1:10006";
    const auto folder = config::storage_folder(settings);
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;
    for (const auto& warning : line.loaded.warnings) log->warn("settings", {{"warning", warning}});
    log->info("starting", {{"version", config::version()}, {"command", "serve"}});
    return run_serve(
        {.settings = settings, .folder = folder, .make_generator = make_generator, .log = *log});
}

}  // namespace miner

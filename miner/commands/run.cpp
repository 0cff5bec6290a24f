// miner run: mines until it is stopped.
#include "config/places.hpp"
#include "config/version.hpp"
#include "miner/app.hpp"
#include "miner/commands/commands.hpp"
#include "miner/identities.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <limits>

namespace miner {

ExitCode run_command(const CommandLine& line, const MakeGenerator& make_generator) {
    const auto& settings = line.loaded.settings;
    const auto folder = config::storage_folder(settings);
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;
    for (const auto& warning : line.loaded.warnings) log->warn("settings", {{"warning", warning}});

    std::vector<Validator> validators;
    for (const auto& text : settings.validators) {
        auto peer = network::parse_peer(text);
        if (!peer) {
            log->error("cannot start", {{"error", peer.error().message()},
                                        {"remedy", "write validators as HOTKEY@HOST:PORT"}});
            return ExitCode::usage;
        }
        // Named by the operator: asked whatever its stake.
        validators.push_back({int(validators.size()), std::move(*peer),
                              std::numeric_limits<double>::infinity(), true});
    }
    auto loaded = load_identities(settings, *log);
    if (const auto* code = std::get_if<ExitCode>(&loaded)) return *code;
    auto& identities = std::get<std::vector<Identity>>(loaded);
    for (auto& who : identities) who.schedule.set_validators(validators);
    log->info("starting", {{"version", config::version()},
                           {"netuid", settings.netuid},
                           {"hotkeys", identities.size()},
                           {"hotkey", identities.front().hotkey()},
                           {"validators", validators.size()},
                           {"chain", validators.empty() ? config::chain_url(settings.subtensor)
                                                        : std::string("not asked")},
                           {"folder", folder.string()}});
    for (std::size_t i = 1; i < identities.size(); ++i)
        log->info("one more hotkey", {{"hotkey", identities[i].hotkey()}});
    return run_app({.settings = settings,
                    .folder = folder,
                    .identities = std::move(identities),
                    .make_generator = make_generator,
                    .log = *log,
                    // Without validators of the operator's the chain names them.
                    .chain = validators.empty()});
}

}  // namespace miner

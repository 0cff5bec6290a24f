// miner run: mines until it is stopped.
#include "config/version.hpp"
#include "miner/app.hpp"
#include "miner/commands/commands.hpp"
#include "network/wallet/keyfile.hpp"

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
    if (validators.empty()) {
        log->error("cannot start", {{"error", "no validators are known"},
                                    {"remedy", "name them: --validators HOTKEY@HOST:PORT ..."}});
        return ExitCode::usage;
    }

    auto hotkey = network::load_hotkey(settings.wallet);
    if (!hotkey) {
        log->error("cannot start", {{"error", hotkey.error().message()}});
        return ExitCode::key_file;
    }
    if (!hotkey->warning.empty()) log->warn("key file", {{"warning", hotkey->warning}});

    std::vector<Identity> identities;
    identities.push_back({hotkey->key, Schedule(settings.schedule)});
    identities.front().schedule.set_validators(validators);
    log->info("starting", {{"version", config::version()},
                           {"netuid", settings.netuid},
                           {"hotkey", hotkey->key.address()},
                           {"validators", validators.size()},
                           {"folder", folder.string()}});
    return run_app({.settings = settings,
                    .folder = folder,
                    .identities = std::move(identities),
                    .make_generator = make_generator,
                    .log = *log});
}

}  // namespace miner

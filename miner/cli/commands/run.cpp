// miner run: mines until it is stopped.
#include "config/environment.hpp"
#include "config/places.hpp"
#include "config/veil.hpp"
#include "config/version.hpp"
#include "miner/app.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/identities.hpp"
#include "miner/mining/named_validators.hpp"
#include "network/wallet/secret.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace miner {

ExitCode run_command(const CommandLine& line, const MakeGenerator& make_generator,
                     const MakePredictor& make_predictor) {
    const auto& settings = line.loaded.settings;
    const auto folder = config::storage_folder(settings);
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;
    for (const auto& warning : line.loaded.warnings) log->warn("settings", {{"warning", warning}});
    warn_of_embedded_model(settings, *log);

    auto validators = named_validators(settings.validators);
    if (!validators) {
        log->error("cannot start", {{"error", validators.error().message()},
                                    {"remedy", "write validators as HOTKEY@HOST:PORT"}});
        return ExitCode::usage;
    }
    auto loaded = load_identities(settings, *log);
    if (const auto* code = std::get_if<ExitCode>(&loaded)) return *code;
    auto& identities = std::get<std::vector<Identity>>(loaded);
    config::forget_passwords();
    if (!network::all_bytes_locked())
        log->warn("key file", {{"warning",
                                "the hotkey may be swapped out to the disk: this user may lock "
                                "too little memory (ulimit -l, LimitMEMLOCK)"}});
    for (auto& who : identities) who.schedule.set_validators(validators->list);
    log->info("starting", {{"version", config::version()},
                           {"commit", config::commit()},
                           {"netuid", settings.netuid},
                           {"hotkeys", identities.size()},
                           {"hotkey", identities.front().hotkey()},
                           {"validators", validators->list.size()},
                           {"chain", validators->asks_chain()
                                         ? config::veiled(config::chain_url(settings.subtensor))
                                         : std::string("not asked")},
                           {"folder", folder.string()}});
    for (std::size_t i = 1; i < identities.size(); ++i)
        log->info("one more hotkey", {{"hotkey", identities[i].hotkey()}});
    const bool asks_chain = validators->asks_chain();
    return run_app({.settings = settings,
                    .folder = folder,
                    .identities = std::move(identities),
                    .make_generator = make_generator,
                    .log = *log,
                    .named = std::move(validators->list),
                    .chain = asks_chain,
                    .make_predictor = make_predictor});
}

}  // namespace miner

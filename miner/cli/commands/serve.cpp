// miner serve: makes splats for whoever posts a picture or a prompt to /generate, until stopped.
#include "miner/serve.hpp"
#include "config/version.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/identities.hpp"
#include "network/wallet/wallet_state.hpp"

namespace miner {

ExitCode serve_command(const CommandLine& line, const MakeGenerator& make_generator) {
    auto settings = line.loaded.settings;
    if (settings.http.listen.empty()) settings.http.listen = "127.0.0.1:10006";
    const auto folder = config::storage_folder(settings);
    auto log = open_log(settings, folder);
    if (!log) return ExitCode::storage;
    for (const auto& warning : line.loaded.warnings) log->warn("settings", {{"warning", warning}});
    warn_of_embedded_model(settings, *log);
    log->info("starting",
              {{"version", config::version()}, {"commit", config::commit()}, {"command", "serve"}});
    std::vector<std::string> hotkeys;
    if (settings.http.signed_ != "none") {
        auto wallet = settings.wallet;
        for (const auto& name : hotkey_names(settings.wallet)) {
            wallet.hotkey = name;
            auto address = network::hotkey_address(wallet);
            if (!address) {
                log->error("cannot start",
                           {{"error", address.error().message()},
                            {"remedy",
                             "callers sign for wallet.hotkey: its public half is enough, "
                             "see `miner wallet show`"}});
                return exit_code_without_hotkey(address.error());
            }
            hotkeys.push_back(std::move(*address));
        }
    }
    return run_serve({.settings = settings,
                      .folder = folder,
                      .make_generator = make_generator,
                      .log = *log,
                      .hotkeys = std::move(hotkeys)});
}

}  // namespace miner

#include "miner/cli/home.hpp"

#include <fmt/format.h>

#include <string_view>

namespace miner {
namespace {

bool uses_storage(const CommandLine& line) {
    switch (line.command) {
        case Command::run:
        case Command::serve:
        case Command::rehearse:
        case Command::check:
        case Command::weights:
        case Command::backup:
        case Command::restore:
            return true;
        case Command::stats:
        case Command::tune:
        case Command::top:
            return line.stats.database.empty();
        case Command::generate:  // these keep nothing there, and no log unless asked to
        case Command::batch:
            return !line.loaded.is_preset("log.file") && line.loaded.settings.log.file == "auto";
        case Command::score: {  // where a fetched model may lie
            const auto& model = line.loaded.settings.score.model;
            return !model.empty() && model.find('/') == std::string::npos;
        }
        case Command::wallet:
        case Command::convert:
        case Command::inspect:
        case Command::render:
        case Command::bench:
        case Command::completion:
        case Command::config:
        case Command::version:
            return false;
    }
    return false;
}

bool uses_wallet(const CommandLine& line) {
    switch (line.command) {
        case Command::run:
        case Command::check:
        case Command::wallet:
            return true;
        case Command::serve:
            return line.loaded.settings.http.signed_ != "none";
        default:
            return false;
    }
}

}  // namespace

std::vector<std::string> missing_home(const CommandLine& line,
                                      const config::Environment& environment) {
    const auto& settings = line.loaded.settings;
    std::vector<std::string> complaints;
    const auto look_at = [&](std::string_view key, const std::string& path) {
        if (config::needs_home(path))
            complaints.push_back(fmt::format("{}: {}: {}", key, path, config::kNoHome));
    };
    if (uses_storage(line))
        look_at("storage.path", config::storage_folder(settings, environment).string());
    if (uses_wallet(line)) look_at("wallet.path", settings.wallet.path);
    return complaints;
}

}  // namespace miner

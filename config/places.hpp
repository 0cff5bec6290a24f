// Where things are: the settings file, the storage folder, the chain.
#pragma once

#include "config/environment.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace config {

struct SettingsFile {
    std::string path;
    std::string text;
};

// The file to read: `asked` (--config), else $MINER_CONFIG, else miner/miner.toml in
// $XDG_CONFIG_HOME or ~/.config if it is there, else none. Fails with cannot_read: missing although
// asked for, not a file, larger than 1 MiB, closed to this user; and with disk_failed, which may
// pass.
Result<std::optional<SettingsFile>> read_settings_file(const std::optional<std::string>& asked,
                                                       const Environment& environment);

// Replaces a leading "~" or "~/" by $HOME; without HOME the path stays as it is.
std::filesystem::path expand_home(const std::string& path, const Environment& environment);

// For whoever needs one all the same.
constexpr std::string_view kNoHome =
    "no home folder is known: set HOME to an absolute path, or name a folder in place of ~";

// True for "~" and "~/...": after expand_home, that no home folder is known.
bool needs_home(std::string_view path);

// Where the miner keeps its data: storage.path, else $XDG_DATA_HOME/miner, else
// ~/.local/share/miner. Not created here.
std::filesystem::path storage_folder(const Settings& settings,
                                     const Environment& environment = process_environment());

// Where fetched checkpoints lie: weights.path, else models in the storage folder.
std::filesystem::path weights_folder(const Settings& settings,
                                     const Environment& environment = process_environment());

// generator.model as a folder: a name without slashes that was fetched stands for its folder there,
// everything else for itself. Empty: the embedded model.
std::string model_folder(const Settings& settings,
                         const Environment& environment = process_environment());

// score.model as a folder, likewise. Empty: none.
std::string scorer_folder(const Settings& settings,
                          const Environment& environment = process_environment());

// The chain's URL: chain_endpoint if set, else that of the named network.
std::string chain_url(const Subtensor& subtensor);

}  // namespace config

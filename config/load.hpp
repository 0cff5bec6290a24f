// Where settings come from: defaults, then a TOML file, then the environment, then flags; each
// beats the ones before. Reading a file aside, everything here is a pure function; nothing is
// printed.
#pragma once

#include "config/environment.hpp"
#include "config/result.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace config {

struct Origin {
    enum class Kind { preset, file, environment, flag };  // the later beats the earlier

    Kind kind = Kind::preset;
    std::string place;  // "miner.toml:12", "BT_WALLET_NAME", "--seed"; of a preset: why it is not
                        // the usual one

    std::string text()
        const;  // "default", "file miner.toml:12", "environment BT_WALLET_NAME", "flag --seed"
};

// One thing that is wrong with the settings.
struct Fault {
    std::string key;    // as it was written; empty when it is about a whole file
    std::string where;  // "miner.toml:12", "MINER_NETUID", "--netuid"
    std::string what;   // what is wrong and what to do

    std::string message() const;  // one sentence with all three
};

struct SettingsFile {
    std::string path;
    std::string text;
};

struct FlagValue {
    std::string key;
    std::string flag;  // as the user knows it: "--gate.attempts", or a short form such as "--seed"
    std::vector<std::string> values;
};

struct Loaded {
    Settings settings;
    std::map<std::string, Origin, std::less<>> origin;  // every key of the table
    std::vector<std::string> warnings;                  // not wrong, but worth a look
    std::string file;  // the settings file; empty when there was none
};

using Faults = std::vector<Fault>;  // never empty in a result

// All of it at once: either settings that hold together, or every fault that was found.
std::variant<Loaded, Faults> load(const std::optional<SettingsFile>& file,
                                  const Environment& environment,
                                  const std::vector<FlagValue>& flags);

// The file to read: `asked` (--config), else $MINER_CONFIG, else miner/miner.toml in
// $XDG_CONFIG_HOME or ~/.config if it is there, else none. Fails with cannot_read: missing although
// asked for, not a file, larger than 1 MiB.
Result<std::optional<SettingsFile>> read_settings_file(const std::optional<std::string>& asked,
                                                       const Environment& environment);

// Replaces a leading "~" or "~/" by $HOME; without HOME the path stays as it is.
std::filesystem::path expand_home(const std::string& path, const Environment& environment);

// Where the miner keeps its data: storage.path, else $XDG_DATA_HOME/miner, else
// ~/.local/share/miner. Not created here.
std::filesystem::path storage_folder(const Settings& settings,
                                     const Environment& environment = process_environment());

// The chain's URL: chain_endpoint if set, else that of the named network (protocol.md, section 7).
std::string chain_url(const Subtensor& subtensor);

}  // namespace config

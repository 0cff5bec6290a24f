// Where settings come from: defaults, then a TOML file, then the environment, then flags; each
// beats the ones before. Reading a file aside, everything here is a pure function; nothing is
// printed.
#pragma once

#include "config/environment.hpp"
#include "config/places.hpp"
#include "config/settings.hpp"

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

    // True when nobody has set the key.
    bool is_preset(std::string_view key) const;
};

using Faults = std::vector<Fault>;  // never empty in a result

// All of it at once: either settings that hold together, or every fault that was found.
std::variant<Loaded, Faults> load(const std::optional<SettingsFile>& file,
                                  const Environment& environment,
                                  const std::vector<FlagValue>& flags);

}  // namespace config

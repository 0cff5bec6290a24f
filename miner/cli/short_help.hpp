// The main help, which fits one screen: some settings of many.
#pragma once

#include <CLI/CLI.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace miner {

struct Popular {
    std::string_view key;
    const char*
        doc;  // shorter than the table's: the main help fits one screen; null: what it may be
};

// These stand in the main help; the others are one `config --print` away.
inline constexpr std::array<Popular, 5> kPopular{{
    {"netuid", "Subnet: 17 on finney, 220 on test"},
    {"wallet.name", "Wallet that the hotkey belongs to"},
    {"wallet.hotkey", "Hotkey to mine with"},
    {"subtensor.network", nullptr},
    {"storage.path", "Folder of database, results and log"},
}};

// Of every setting's flag but the popular ones. A group without a name would hide them from errors
// as well as from help.
inline constexpr const char* kUnlisted = "Settings";

class ShortHelp final : public CLI::Formatter {
public:
    std::string make_group(std::string group, bool is_positional,
                           std::vector<const CLI::Option*> options) const override {
        return group == kUnlisted ? "" : CLI::Formatter::make_group(group, is_positional, options);
    }
};

}  // namespace miner

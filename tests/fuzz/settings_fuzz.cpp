// Settings files: TOML, and what the table of keys makes of it. Faults name their place, in words
// that may go to a terminal.
#include "config/load.hpp"
#include "tests/fuzz/input.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const config::SettingsFile file{.path = "fuzz.toml",
                                    .text = std::string(fuzz::text(data, size))};
    const auto loaded = config::load(file, {}, {});
    if (const auto* faults = std::get_if<config::Faults>(&loaded)) {
        fuzz::require(!faults->empty());
        for (const auto& fault : *faults) fuzz::require(!fault.message().empty());
    }
    return 0;
}

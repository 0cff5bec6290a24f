#include "miner/check/machine.hpp"

#include "miner/mining/identities.hpp"
#include "miner/runtime/instance_lock.hpp"
#include "network/wallet/keyfile.hpp"
#include "storage/artifacts.hpp"
#include "storage/backup.hpp"
#include "storage/database.hpp"

#include <fmt/format.h>

#include <sys/timex.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

namespace miner {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr double kGb = 1e9;
constexpr double kLeastRoom_gb = 1;
constexpr double kLeastMemory_gb = 2, kGoodMemory_gb = 8;

Finding check_room(const fs::path& folder, const config::Storage& settings) {
    std::error_code failure;
    const auto space = fs::space(folder, failure);
    if (failure)
        return {State::warn, "disk space", failure.message(), "see whether the disk is well"};
    const double free = double(space.available) / kGb;
    const double taken = double(storage::bytes_of_assets(folder / "assets")) / kGb;
    const auto found =
        fmt::format("{:.1f} GB free, results take {:.1f} GB and may take {:.1f} (storage.keep_gb)",
                    free, taken, settings.keep_gb);
    if (free < kLeastRoom_gb)
        return {State::fail, "disk space", found,
                "make room, or choose another folder with --storage.path"};
    if (free < settings.keep_gb - taken)
        return {State::warn, "disk space", found, "make room, or lower storage.keep_gb"};
    return {State::ok, "disk space", found, ""};
}

Finding check_database(const fs::path& file, bool in_use) {
    // A look finishes nothing: the start does, and says so in the log.
    if (storage::is_half_restored(file))
        return {State::warn, "database",
                file.string() + (in_use ? ": a copy is just being put back"
                                        : ": putting back a copy was cut off"),
                in_use ? "check again when that is done"
                       : "the next start goes on with it, or `miner restore` puts another back"};
    std::error_code ignored;
    const bool exists = fs::exists(file, ignored);
    if (in_use && !exists) return {State::ok, "database", "a miner is just making it", ""};
    // Nor does it migrate: an older miner works on it, or is to be gone back to.
    const auto database = storage::Database::open(file, {.read_only = in_use, .keep_older = true});
    if (!database)
        return {State::fail, "database", database.error().message(),
                "restore it or move it away: " + file.string()};
    if ((*database)->is_older())
        return {State::ok, "database",
                file.string() + ", of an older version; the next start brings it up to date", ""};
    return {State::ok, "database", file.string() + (exists ? "" : " (made anew)"), ""};
}

}  // namespace

Findings check_hotkeys(const config::Wallet& wallet, const network::AskPassword& ask,
                       std::vector<std::string>& addresses) {
    Findings findings;
    auto one = wallet;
    for (const auto& name : hotkey_names(wallet)) {
        one.hotkey = name;
        const auto what = "hotkey " + name;
        const auto loaded = network::load_hotkey(one, ask);
        if (!loaded) {
            findings.push_back({State::fail, what, loaded.error().message(),
                                "`miner wallet show` tells what is there"});
            continue;
        }
        const auto& address = loaded->key.address();
        if (std::find(addresses.begin(), addresses.end(), address) != addresses.end()) {
            findings.push_back({State::fail, what, address + ", the same key as another one",
                                "leave one of them out of --wallet.hotkeys"});
            continue;
        }
        addresses.push_back(address);
        findings.push_back({loaded->warning.empty() ? State::ok : State::warn, what,
                            fmt::format("{}, {}", address, network::name(loaded->key.scheme())),
                            loaded->warning});
    }
    return findings;
}

Findings check_storage(const fs::path& folder, const config::Storage& settings) {
    Findings findings;
    const auto lock = InstanceLock::take(folder);
    const bool in_use = !lock && lock.error().code == boost::system::errc::device_or_resource_busy;
    if (!lock && !in_use) {
        findings.push_back({State::fail, "storage folder",
                            folder.string() + ": " + lock.error().message(),
                            "make it writable, or choose another with --storage.path"});
        return findings;
    }
    findings.push_back({in_use ? State::warn : State::ok, "storage folder",
                        folder.string() + (in_use ? " is in use by a running miner" : ""),
                        in_use ? "stop it before starting another here" : ""});
    findings.push_back(check_room(folder, settings));
    findings.push_back(check_database(folder / "miner.db", in_use));
    return findings;
}

std::int64_t free_memory() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        constexpr std::string_view kName = "MemAvailable:";
        if (line.starts_with(kName)) return std::atoll(line.c_str() + kName.size()) * 1024;
    }
    return 0;
}

Finding check_memory(std::int64_t free_bytes) {
    if (free_bytes <= 0)
        return {State::warn, "memory", "the system does not tell", "look with top"};
    const double free = double(free_bytes) / kGb;
    const auto found = fmt::format("{:.1f} GB free", free);
    if (free < kLeastMemory_gb)
        return {State::fail, "memory", found, "close something: even the small model takes 1 GB"};
    if (free < kGoodMemory_gb)
        return {State::warn, "memory", found,
                "a published checkpoint takes some 8 GB while it is loaded"};
    return {State::ok, "memory", found, ""};
}

Finding check_clock_source() {
    timex state{};
    const int result = ::adjtimex(&state);
    if (result < 0)
        return {State::warn, "clock source", "the system does not tell",
                "run a time server's client (chrony or systemd-timesyncd)"};
    if (result == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
        return {State::warn, "clock source", "the kernel knows of no time server",
                "run one's client (chrony or systemd-timesyncd): validators refuse requests "
                "whose time is off by seconds"};
    return {State::ok, "clock source",
            fmt::format("kept by a time server, within {:.0f} ms", double(state.maxerror) / 1000),
            ""};
}

}  // namespace miner

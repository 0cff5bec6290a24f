// miner stats: how well it does, from the database; works beside a running miner.
#include "miner/stats.hpp"
#include "config/escape.hpp"
#include "miner/commands/commands.hpp"
#include "network/wallet/ss58.hpp"
#include "network/wallet/wallet_state.hpp"
#include "storage/database.hpp"
#include "storage/errc.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include <sys/ioctl.h>
#include <unistd.h>

namespace miner {

constexpr const char* kClear = "\x1b[H\x1b[2J";  // of a terminal
constexpr auto kEvery = std::chrono::seconds(2);

// The miner's own database; before there is one, the rehearsal's, so that `miner stats` answers
// after a rehearsal too.
std::filesystem::path find_database(const CommandLine& line) {
    if (!line.stats.database.empty()) return line.stats.database;
    const auto folder = config::storage_folder(line.loaded.settings);
    const auto own = folder / "miner.db", rehearsal = folder / "rehearsal" / "miner.db";
    std::error_code ignored;
    if (std::filesystem::exists(own, ignored) || !std::filesystem::exists(rehearsal, ignored))
        return own;
    fmt::print(stderr, "nothing was mined yet; this is the rehearsal's database, {}\n",
               config::printable(rehearsal.string()));
    return rehearsal;
}

namespace {

// --by leaves that grouping alone.
void keep_groups(storage::Statistics& statistics, StatsOptions::By by) {
    using By = StatsOptions::By;
    if (by == By::none) return;
    if (by != By::validator) statistics.by_validator.clear();
    if (by != By::hotkey) statistics.by_hotkey.clear();
    if (by != By::kind) statistics.by_kind.clear();
    if (by != By::route) statistics.by_route.clear();
    if (by != By::day) statistics.by_day.clear();
}

}  // namespace

TableOptions terminal_options() {
    TableOptions options{.colour = ::isatty(STDOUT_FILENO) == 1};
    winsize size{};
    if (options.colour && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        options.width = size.ws_col;
    return options;
}

namespace {

config::Result<std::string> table(storage::Database& database, const StatsOptions& asked,
                                  const storage::Statistics& statistics) {
    using namespace std::chrono;
    const auto options = terminal_options();
    auto text = render_table(statistics, options);
    if (asked.by == StatsOptions::By::none || asked.by == StatsOptions::By::validator) {
        const auto contacts = storage::contacts(database, asked.hotkey);
        if (!contacts) return contacts.error();
        const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
        if (!contacts->empty()) text += "\n" + render_contacts(*contacts, now.count(), options);
    }
    return text;
}

// --hotkey by its name in the wallet, whose public half is enough.
config::Result<std::string> address_of(const std::string& hotkey, config::Wallet wallet) {
    if (hotkey.empty() || network::ss58_decode(hotkey)) return hotkey;
    wallet.hotkey = hotkey;
    return network::hotkey_address(wallet);
}

ExitCode print_stats(const StatsOptions& asked, const std::filesystem::path& file) {
    const auto database = storage::Database::open(file, {.read_only = true});
    if (!database) {
        complain("stats", database.error());
        return ExitCode::storage;
    }
    storage::Span span;
    span.last = asked.last;
    span.since = asked.since_ms;
    span.until = asked.until_ms;
    if (!asked.hotkey.empty()) span.hotkeys = {asked.hotkey};
    auto statistics = storage::statistics(**database, span);
    if (!statistics) {
        complain("stats", statistics.error());
        return ExitCode::storage;
    }
    keep_groups(*statistics, asked.by);
    using Form = StatsOptions::Form;
    if (asked.form == Form::table) {
        const auto text = table(**database, asked, *statistics);
        if (!text) {
            complain("stats", text.error());
            return ExitCode::storage;
        }
        fmt::print("{}{}", asked.watch ? kClear : "", *text);
    } else {
        fmt::print("{}", asked.form == Form::json ? render_json(*statistics) + "\n"
                                                  : render_csv(*statistics));
    }
    std::fflush(stdout);
    return ExitCode::ok;
}

}  // namespace

ExitCode stats_command(const CommandLine& line) {
    auto asked = line.stats;
    auto address = address_of(asked.hotkey, line.loaded.settings.wallet);
    if (!address) {
        complain("--hotkey", address.error());
        return ExitCode::key_file;
    }
    asked.hotkey = std::move(*address);
    const auto file = find_database(line);
    auto code = print_stats(asked, file);
    while (asked.watch && code == ExitCode::ok) {
        std::this_thread::sleep_for(kEvery);
        code = print_stats(asked, file);
    }
    return code;
}

}  // namespace miner

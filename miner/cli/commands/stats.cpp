// miner stats: how well it does, from the database; works beside a running miner.
#include "miner/report/stats.hpp"
#include "config/escape.hpp"
#include "config/unix_time.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/mining/identities.hpp"
#include "miner/rehearsal/judge.hpp"
#include "miner/report/complaint.hpp"
#include "miner/terminal/live_view.hpp"
#include "network/wallet/ss58.hpp"
#include "network/wallet/wallet_state.hpp"
#include "storage/backup.hpp"
#include "storage/database.hpp"
#include "storage/errc.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace miner {

// The miner's own database; before there is one, the rehearsal's, so that `miner stats` answers
// after a rehearsal too. Amid a restore that was cut off it has one, which is to be said.
std::filesystem::path find_database(const CommandLine& line) {
    if (!line.stats.database.empty()) return line.stats.database;
    const auto folder = config::storage_folder(line.loaded.settings);
    const auto own = folder / "miner.db", rehearsal = folder / "rehearsal" / "miner.db";
    std::error_code ignored;
    if (std::filesystem::exists(own, ignored) || storage::is_half_restored(own) ||
        !std::filesystem::exists(rehearsal, ignored))
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
    statistics.by_pair.clear();
    if (by != By::kind) statistics.by_kind.clear();
    if (by != By::route) statistics.by_route.clear();
    if (by != By::day) statistics.by_day.clear();
    std::erase_if(statistics.predictions, [by](const storage::PredictionGroup& group) {
        return by != (group.validator.empty() ? By::kind : By::validator);
    });
}

}  // namespace

config::Result<storage::Span> asked_span(const CommandLine& line) {
    const auto& asked = line.stats;
    storage::Span span{
        .last = asked.last, .since = asked.since_ms, .until = asked.until_ms, .hotkeys = {}};
    if (asked.hotkey.empty()) return span;
    if (network::ss58_decode(asked.hotkey)) {
        span.hotkeys = {asked.hotkey};
        return span;
    }
    auto wallet = line.loaded.settings.wallet;
    wallet.hotkey = asked.hotkey;
    auto address = network::hotkey_address(wallet);
    if (!address) return address.error();
    span.hotkeys = {std::move(*address)};
    return span;
}

std::string scores_note(const std::filesystem::path& database) {
    return database.parent_path().filename() == "rehearsal" ? std::string(kScoresNote) : "";
}

namespace {

using Read = std::pair<storage::Statistics, std::vector<storage::Contact>>;

config::Result<Read> read(const StatsOptions& asked, const storage::Span& span,
                          const std::filesystem::path& file) {
    const auto database = storage::Database::open(file, {.read_only = true});
    if (!database) return database.error();
    auto statistics = storage::statistics(**database, span);
    if (!statistics) return statistics.error();
    keep_groups(*statistics, asked.by);
    if (asked.by != StatsOptions::By::none && asked.by != StatsOptions::By::validator)
        return Read(std::move(*statistics), {});
    auto contacts =
        storage::contacts(**database, span.hotkeys.empty() ? std::string() : span.hotkeys.front());
    if (!contacts) return contacts.error();
    return Read(std::move(*statistics), std::move(*contacts));
}

// The table, for whatever width it will have.
config::Result<Frame> table(const StatsOptions& asked, const storage::Span& span,
                            const std::filesystem::path& file) {
    auto known = read(asked, span, file);
    if (!known) return known.error();
    return Frame([known = std::move(*known), note = scores_note(file)](TableOptions options) {
        options.scores_note = note;
        const auto& [statistics, contacts] = known;
        auto text = render_table(statistics, options);
        if (!contacts.empty()) text += "\n" + render_contacts(contacts, config::unix_ms(), options);
        return text;
    });
}

ExitCode export_stats(const StatsOptions& asked, const storage::Span& span,
                      const std::filesystem::path& file) {
    const auto known = read(asked, span, file);
    if (!known) {
        complain("stats", known.error());
        return ExitCode::storage;
    }
    fmt::print("{}", asked.form == StatsOptions::Form::json ? render_json(known->first) + "\n"
                                                            : render_csv(known->first));
    std::fflush(stdout);
    return ExitCode::ok;
}

}  // namespace

ExitCode stats_command(const CommandLine& line) {
    const auto& asked = line.stats;
    const auto span = asked_span(line);
    if (!span) {
        complain("--hotkey", span.error());
        return exit_code_without_hotkey(span.error());
    }
    const auto file = find_database(line);
    if (asked.form != StatsOptions::Form::table) return export_stats(asked, *span, file);
    const LiveView view{.gather = [&] { return table(asked, *span, file); },
                        .what = "stats",
                        .repeats = asked.watch};
    return asked.watch ? show_live(view) : print_once(view);
}

}  // namespace miner

#include "miner/batch/run.hpp"

#include "config/digest.hpp"
#include "config/escape.hpp"
#include "generator/image/decode.hpp"
#include "miner/batch/errc.hpp"
#include "miner/batch/folder.hpp"
#include "miner/batch/maker.hpp"
#include "miner/batch/outputs.hpp"
#include "miner/batch/plain_file.hpp"
#include "miner/batch/progress.hpp"
#include "miner/batch/result_store.hpp"
#include "miner/report/error_lines.hpp"
#include "miner/runtime/signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <span>
#include <stop_token>
#include <string_view>
#include <utility>
#include <variant>

namespace miner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSettingsBytes = 1 << 20;
constexpr std::size_t kMaxResultBytes = std::size_t(4) << 30;

void complain(std::ostream& err, const std::string& words) {
    err << "miner: " << config::printable(words) << '\n';
    err.flush();
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

config::Result<std::string> content_of(const BatchInput& input) {
    if (input.is_prompt) return config::sha256(input.label);
    const auto bytes = read_plain_file(input.file, kMaxPictureBytes);
    if (!bytes) return bytes.error();
    return config::sha256(*bytes);
}

config::Result<std::optional<std::string>> hash_of_result(const fs::path& file) {
    auto hashed = sha256_of_file(file);
    if (hashed) return std::optional(std::move(*hashed));
    // A link that leads nowhere just now is there.
    std::error_code ignored;
    if (fs::symlink_status(file, ignored).type() == fs::file_type::not_found)
        return std::optional<std::string>();
    return hashed.error();
}

// What another run of this folder was begun with, against what this one is; empty: it is not known.
std::string changes(const BatchFolder& folder, const std::string& settings) {
    const auto before = read_plain_file(folder.settings(), kMaxSettingsBytes);
    if (!before) return {};
    auto keys =
        changed_settings({reinterpret_cast<const char*>(before->data()), before->size()}, settings);
    keys.erase(std::remove(keys.begin(), keys.end(), "generator.seed"), keys.end());
    return fmt::format("{}", fmt::join(keys, ", "));
}

struct Planned {
    BatchPlan plan;
    ResultStore results;
    bool began = false;  // a batch in this folder before
};

struct Prepared {
    Planned planned;
    std::string settings;  // hash
    ManifestFile manifest;
};

config::Result<Planned> make_plan(BatchOptions& options, const BatchFolder& folder,
                                  const std::string& hash) {
    for (auto& input : options.inputs)
        if (!input.is_prompt && input.fault.empty() && folder.holds(input.file))
            input.fault = "lies in the folder of results, where it might be written over";
    auto manifest = read_manifest(folder.manifest());
    if (!manifest) return manifest.error();
    std::error_code none;
    const auto size = fs::file_size(folder.manifest(), none);
    const bool began = !none && (size == 0 || !manifest->lines.empty());
    auto results = ResultStore::open(folder, manifest->lines, !options.start_over);
    if (!results) return results.error();
    auto foreign = results->foreign(options.form.ending());
    if (!foreign) return foreign.error();
    if (options.start_over) *manifest = {};
    for (const auto number : manifest->damaged)
        complain(options.err, fmt::format("{}:{}: is no line of a manifest, and does not count",
                                          folder.manifest().string(), number));
    if (const auto known = manifest->lines.size(); known > 0)
        options.out << fmt::format("{} lines in the manifest: looking at their files\n", known)
                    << std::flush;
    const auto seed = options.settings.generator.seed;
    PlanQuestion question{
        .settings = hash,
        .seed = seed >= 0 ? std::optional(std::uint64_t(seed)) : std::nullopt,
        .drawn = options.drawn,
        .folder = folder.path().string(),
        .foreign = std::move(*foreign),
        .content = content_of,
        .result = [&](const std::string& file) { return hash_of_result(folder.path() / file); }};
    auto plan = plan_batch(std::move(options.inputs), manifest->lines, question);
    if (!plan) return plan.error();
    return Planned{std::move(*plan), std::move(*results), began};
}

// What lies where the batch's own files go, and no batch put there, gets another name.
config::Result<void> clear(const BatchFolder& folder, const Planned& planned, std::ostream& err) {
    if (planned.began) return {};
    for (const auto& file : {folder.manifest(), folder.settings(), folder.sheet()}) {
        std::error_code ignored;
        if (fs::symlink_status(file, ignored).type() == fs::file_type::not_found) continue;
        const auto name = file.filename().string();
        const auto aside = planned.results.move_aside(name);
        if (!aside) return aside.error();
        complain(err, fmt::format("{} was of no batch: it is {} now", name, *aside));
    }
    return {};
}

// Or what to exit with, with a complaint.
std::variant<Prepared, ExitCode> prepare(BatchOptions& options, const BatchFolder& folder) {
    const auto settings = decisive_settings(options.settings, options.form);
    const auto hash = config::sha256(settings).substr(0, 16);
    auto planned = make_plan(options, folder, hash);
    if (!planned) {
        const bool refused = planned.error().code == BatchErrc::other_settings;
        auto words = planned.error().message();
        if (const auto which = refused ? changes(folder, settings) : ""; !which.empty())
            words += "; changed: " + which;
        if (refused)
            words +=
                "; give those again, name another folder with -o, or make everything anew "
                "with --start-over";
        complain(options.err, words);
        return refused ? ExitCode::usage : ExitCode::storage;
    }
    const auto& plan = planned->plan;
    for (const auto& input : plan.again)
        complain(options.err, config::shortened(input, 200) +
                                  ": it or its result has changed since; made again");
    const auto text = fmt::format("{}generator.seed = {}\n", settings, plan.seed);
    const auto cleared = clear(folder, *planned, options.err);
    const auto written = cleared ? folder.write(folder.settings(), bytes_of(text)) : cleared;
    auto manifest =
        written ? ManifestFile::create(folder.manifest(), record_of(plan), folder.temporary())
                : config::Result<ManifestFile>(written.error());
    if (!manifest) {
        complain(options.err, manifest.error().message());
        return ExitCode::storage;
    }
    return Prepared{std::move(*planned), hash, std::move(*manifest)};
}

struct Tally {
    std::size_t made = 0, rejected = 0, failed = 0, bad = 0, open = 0;
};

Tally tally_of(const BatchPlan& plan, const std::set<std::size_t>& unfit) {
    Tally tally;
    for (std::size_t i = 0; i < plan.items.size(); ++i) {
        const auto& line = plan.items[i].line;
        if (!line)
            ++tally.open;
        else if (line->has_result())
            ++tally.made;
        else if (unfit.count(i) > 0)
            ++tally.bad;
        else
            ++(line->error.empty() ? tally.rejected : tally.failed);
    }
    return tally;
}

std::string summary(const Tally& tally, std::size_t all, std::size_t before) {
    auto text = fmt::format("{} of {} made", tally.made, all);
    if (before > 0) text += fmt::format(" ({} were there)", before);
    const auto add = [&](std::size_t count, const char* what) {
        if (count > 0) text += fmt::format(", {} {}", count, what);
    };
    add(tally.rejected, "rejected by the gate");
    add(tally.bad, "not to be used");
    add(tally.failed, "failed");
    add(tally.open, "not done yet: the same command goes on");
    return text;
}

// Of results that have none yet; until `stop` fires. False, with a complaint, when one cannot be
// written.
bool draw_previews(const BatchPlan& plan, const BatchFolder& folder, const BatchOptions& options,
                   BatchProgress& progress, const std::stop_token& stop) {
    std::error_code ignored;
    for (const auto& item : plan.items) {
        const auto file = folder.preview(item.name);
        if (!item.line || !item.line->has_result() || fs::exists(file, ignored)) continue;
        if (stop.stop_requested()) return true;
        progress.at_work(item.input.label, "preview");
        const auto bytes = read_plain_file(folder.path() / item.line->file, kMaxResultBytes);
        const auto drawn = bytes ? batch_preview(*bytes, options.form)
                                 : config::Result<std::vector<std::uint8_t>>(bytes.error());
        if (!drawn) {
            progress.complain(item.line->file + ": " + drawn.error().message());
        } else if (const auto written = folder.write(file, *drawn); !written) {
            progress.complain(written.error().message());
            return false;
        }
    }
    return true;
}

// Likewise; what was there stays when `stop` fires.
bool draw_sheet(const BatchPlan& plan, const BatchFolder& folder, const BatchOptions& options,
                BatchProgress& progress, const std::stop_token& stop) {
    const auto cell = [&](std::size_t index) {
        if (stop.stop_requested()) return SheetCell();
        const auto& item = plan.items[index];
        progress.at_work(item.input.label, "contact sheet");
        std::vector<std::uint8_t> picture, result;
        if (!item.input.is_prompt && !item.input.file.empty())
            if (auto bytes = read_plain_file(item.input.file, kMaxPictureBytes))
                picture = std::move(*bytes);
        if (item.line && item.line->has_result())
            if (auto bytes = read_plain_file(folder.path() / item.line->file, kMaxResultBytes))
                result = std::move(*bytes);
        return batch_cell(item, std::move(picture), result, options.form);
    };
    const auto count = plan.items.size();
    const auto heading = fmt::format(
        "Batch, seed {}: {}inputs, and results as a validator renders them", plan.seed,
        count > kMostCells ? fmt::format("the first {} of {} ", kMostCells, count) : "");
    const auto sheet = generator::encode_png(contact_sheet(count, cell, heading));
    if (stop.stop_requested()) return true;
    const auto written = folder.write(folder.sheet(), sheet);
    if (!written) progress.complain(written.error().message());
    return written.has_value();
}

// All that was made is on the disk; what is left is for people.
ExitCode wind_up(const BatchOptions& options, const BatchFolder& folder, Planned& planned,
                 const Tally& tally, BatchProgress& progress) {
    const auto& plan = planned.plan;
    if (const auto written = write_manifest(folder.manifest(), record_of(plan), folder.temporary());
        !written) {
        complain(options.err, written.error().message());
        return ExitCode::storage;
    }
    if (tally.bad + tally.failed == 0) planned.results.all_recorded();
    Interrupt interrupt("stopped; the same command draws what is left");
    interrupt.let_finish();
    const auto stop = interrupt.token();
    const bool drawn =
        (!options.previews || draw_previews(plan, folder, options, progress, stop)) &&
        draw_sheet(plan, folder, options, progress, stop);
    progress.finish();
    if (!drawn) return ExitCode::storage;
    if (stop.stop_requested()) {
        options.out << "Not all is drawn yet: the same command goes on\n";
        return ExitCode::interrupted;
    }
    options.out << fmt::format("Inputs and results side by side: {}\n",
                               config::printable(folder.sheet().string()));
    if (tally.bad > 0) return ExitCode::bad_input;
    return tally.rejected + tally.failed > 0 ? ExitCode::no_go : ExitCode::ok;
}

}  // namespace

ExitCode run_batch(BatchOptions options) {
    const auto folder = BatchFolder::open(options.folder);
    if (!folder) {
        complain(options.err, folder.error().message());
        return folder.error().code == boost::system::errc::device_or_resource_busy
                   ? ExitCode::another_instance
                   : ExitCode::storage;
    }
    auto prepared = prepare(options, *folder);
    if (const auto* code = std::get_if<ExitCode>(&prepared)) return *code;
    auto& [planned, hash, manifest] = std::get<Prepared>(prepared);
    auto& plan = planned.plan;

    const auto all = plan.items.size();
    const auto before = std::size_t(std::count_if(plan.items.begin(), plan.items.end(),
                                                  [](const auto& item) { return !!item.line; }));
    const auto progress =
        std::make_shared<BatchProgress>(BatchProgress::Options{.out = options.out,
                                                               .err = options.err,
                                                               .columns = options.columns,
                                                               .clock = options.clock,
                                                               .all = all,
                                                               .before = before});
    // Whatever the log is set to, nothing ends without a reason being seen. The logger may outlive
    // this.
    options.log.add([progress](std::string_view line) {
        if (const auto error = error_in(line); !error.empty()) progress->complain(error);
    });
    progress->say(fmt::format("{} inputs to {}, seed {}{}", all,
                              config::printable(folder->path().string()), plan.seed,
                              before > 0 ? fmt::format("; {} are there", before) : ""));
    BatchMaker maker({.settings = options.settings,
                      .form = options.form,
                      .previews = options.previews,
                      .hash = hash,
                      .weights = options.weights,
                      .folder = *folder,
                      .log = options.log,
                      .progress = *progress},
                     plan, planned.results, manifest);
    const auto code = maker.run(options.make_generator, options.make_predictor);
    progress->finish();
    const auto tally = tally_of(plan, maker.unfit());
    options.out << summary(tally, all, before) << "\n"
                << "Seeds, hashes and times of each: "
                << config::printable(folder->manifest().string()) << "\n";
    options.out.flush();
    return code == ExitCode::ok ? wind_up(options, *folder, planned, tally, *progress) : code;
}

}  // namespace miner

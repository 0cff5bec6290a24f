// miner weights: published checkpoints on this machine.
#include "miner/cli/weights.hpp"
#include "config/environment.hpp"
#include "config/escape.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/signals.hpp"
#include "network/errc.hpp"
#include "network/tls.hpp"
#include "weights/fetch_model.hpp"
#include "weights/model_plan.hpp"
#include "weights/scorer_plan.hpp"
#include "weights/weights_lock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>

#include <unistd.h>

namespace miner {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr const char* kPipeline = "pipeline.json";

struct Entry {
    std::string_view name, repository, doc;  // no one repository: the scorer's has several
    fs::path folder;
    // "not here", "incomplete", "fetched", "changed: FILE", "broken lock"; of the scorer also the
    // parts that are here.
    std::string state;
    std::int64_t bytes = 0;
};

// `whole`: what the state is when all that the lock names is there.
void look_at(Entry& entry, const std::function<std::string()>& whole) {
    const auto lock = weights::read_lock(entry.folder);
    std::error_code ignored;
    entry.state = "not here";
    if (!lock) {
        entry.state = "broken lock";
    } else if (*lock) {
        for (const auto& file : (*lock)->files) entry.bytes += file.size;
        entry.state = whole();
        for (const auto& file : (*lock)->files)
            if (fs::file_size(entry.folder / file.path, ignored) != std::uintmax_t(file.size))
                entry.state = "changed: " + file.path;
    } else if (fs::exists(entry.folder, ignored)) {
        entry.state = "incomplete";
    }
}

// Of a published model: its fetch came to the end, at which pipeline.json gets its name. The lock
// grows with each file before.
bool is_whole(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / kPipeline, ignored);
}

std::string scorer_state(const fs::path& folder) {
    std::vector<std::string_view> here;
    for (const auto& part : weights::scorer_parts())
        if (weights::missing_scorer_files(folder, part).empty()) here.push_back(part.name);
    if (here.size() == weights::scorer_parts().size()) return "fetched";
    return here.empty() ? "incomplete" : fmt::format("{}", fmt::join(here, ", "));
}

std::vector<Entry> entries_of(const fs::path& weights) {
    std::vector<Entry> entries;
    for (const auto& model : weights::published_models()) {
        auto& entry = entries.emplace_back(
            Entry{model.name, model.repository, model.doc, weights / model.name, {}});
        look_at(entry, [&] { return is_whole(entry.folder) ? "fetched" : "incomplete"; });
    }
    auto& scorer = entries.emplace_back(Entry{weights::kScorerName,
                                              "",
                                              "what validators score with; in parts",
                                              weights / weights::kScorerName,
                                              {}});
    look_at(scorer, [&] { return scorer_state(scorer.folder); });
    return entries;
}

ExitCode list(const fs::path& weights, bool json) {
    boost::json::array rows;
    if (!json) fmt::print("{:<20} {:<12} {:>8}  {}\n", "name", "state", "size", "what for");
    for (const auto& entry : entries_of(weights)) {
        if (json) {
            rows.push_back({{"name", entry.name},
                            {"repository", entry.repository},
                            {"state", entry.state},
                            {"bytes", entry.bytes},
                            {"folder", entry.folder.string()}});
        } else {
            fmt::print("{:<20} {:<12} {:>8}  {}\n", entry.name, config::printable(entry.state),
                       entry.bytes > 0 ? bytes_text(entry.bytes) : "-", entry.doc);
        }
    }
    if (json)
        fmt::print("{}\n", config::json_text(boost::json::serialize(rows)));
    else
        fmt::print("Folder: {}\n", config::printable(weights.string()));
    return ExitCode::ok;
}

std::optional<std::string> read_token(const config::Weights& settings) {
    if (settings.token_file.empty()) {
        return config::variable(config::process_environment(), config::kHubToken);
    }
    constexpr std::size_t kMostBytes = 4096;
    const auto bytes = read_file(settings.token_file, kMostBytes);
    if (!bytes) return std::nullopt;
    const std::string text(bytes->begin(), bytes->end());
    return text.substr(0, text.find_first_of("\r\n"));
}

// Shows a fetch: a line that changes on a terminal, a line for each file elsewhere.
class Display {
public:
    explicit Display(bool terminal) : terminal_(terminal), begin_(Clock::now()) {}
    ~Display() {
        if (terminal_ && shown_) fmt::print(stderr, "\n");
    }

    weights::FetchWatch watch(const std::string& name) {
        return {.plan =
                    [this, name](std::size_t files, std::int64_t bytes) {
                        all_ = bytes;
                        fmt::print("{}: {} files, {}\n", name, files, bytes_text(bytes));
                        std::fflush(stdout);
                    },
                .file =
                    [this](const std::string& path, std::int64_t bytes) {
                        if (!terminal_) {
                            fmt::print("  {} ({})\n", config::printable(path), bytes_text(bytes));
                            std::fflush(stdout);
                        }
                    },
                .progress =
                    [this](std::int64_t bytes) {
                        done_ += bytes;
                        if (terminal_) show();
                    },
                .notice = [](const std::string& what) { fmt::print(stderr, "miner: {}\n", what); }};
    }

private:
    void show() {
        const auto now = Clock::now();
        if (shown_ && now - last_ < std::chrono::milliseconds(200) && done_ < all_) return;
        last_ = now;
        shown_ = true;
        using std::chrono::milliseconds;
        fmt::print(
            stderr, "\r{}\x1b[K",
            progress_line(done_, all_, std::chrono::duration_cast<milliseconds>(now - begin_)));
    }

    bool terminal_, shown_ = false;
    Clock::time_point begin_, last_;
    std::int64_t done_ = 0, all_ = 0;
};

ExitCode exit_code_of(const config::Error& error) {
    using network::Errc;
    for (const auto code : {Errc::no_space, Errc::disk_failed, Errc::io})
        if (error.code == code) return ExitCode::storage;
    if (error.code == Errc::wrong_hash || error.code == Errc::malformed) return ExitCode::model;
    return ExitCode::unavailable;
}

using Fetch =
    std::function<boost::asio::awaitable<config::Result<void>>(weights::Hub&, weights::FetchWatch)>;

ExitCode fetch(const std::string& name, const config::Weights& settings, const Fetch& from) {
    const auto endpoint = network::parse_http_url(settings.endpoint);
    if (!endpoint) {
        complain("weights.endpoint", endpoint.error());
        return ExitCode::usage;
    }
    auto token = read_token(settings);
    if (!token) return ExitCode::bad_input;
    network::HttpLimits limits;
    limits.read = std::chrono::seconds(30);  // of a stalled transfer
    weights::Hub hub({.endpoint = *endpoint,
                      .token = std::move(*token),
                      .tls = network::Tls::system(),
                      .connections = settings.connections,
                      .limits = limits});
    boost::asio::io_context io{1};
    Display display(::isatty(STDERR_FILENO) == 1);
    config::Result<void> end;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, from(hub, display.watch(name)),
                          [&](std::exception_ptr thrown, config::Result<void> result) {
                              failure = thrown;
                              end = std::move(result);
                              io.stop();
                          });
    io.run();
    if (failure) std::rethrow_exception(failure);
    if (!end) {
        complain(name, end.error());
        return exit_code_of(end.error());
    }
    return ExitCode::ok;
}

ExitCode fetch_pipeline(const weights::PublishedModel& model, const CommandLine& line,
                        const fs::path& folder) {
    const auto code = fetch(std::string(model.name), line.loaded.settings.weights,
                            [&](weights::Hub& hub, weights::FetchWatch watch) {
                                return weights::fetch_model(
                                    hub, std::string(model.repository), line.weights.revision,
                                    folder, std::move(watch), weights::free_bytes_at);
                            });
    if (code == ExitCode::ok) fmt::print("{0} is ready: --generator.model {0}\n", model.name);
    return code;
}

// What comes from where, and under which licence: before anybody is asked for anything.
void announce(const weights::ScorerPart& part) {
    std::int64_t bytes = 0;
    for (const auto& file : part.files) bytes += file.bytes;
    fmt::print("{:<8} {}; about {}; licence: {}\n", part.name, part.doc, bytes_text(bytes),
               part.licence);
    for (const auto& file : part.files) {
        const auto size = file.bytes > 0 ? bytes_text(file.bytes) : "size not known yet";
        fmt::print("  {} ({})\n", weights::origin_of(file), size);
    }
}

// What no hub has: pickles, which are programs as well as weights.
void tell_how_to_convert(const fs::path& folder, const weights::ScorerPart& part) {
    fmt::print(
        "{} is not fetched: its weights are published as pickles alone, not on the hub. In a clone "
        "of this\nproject, this brings them and writes them as safetensors:\n  {} {}\n",
        part.name, weights::kScorerConverter, config::printable(folder.string()));
}

ExitCode fetch_scorer(const CommandLine& line, const fs::path& folder) {
    std::vector<weights::Wanted> wanted;
    const weights::ScorerPart* to_convert = nullptr;
    const auto& asked = line.weights.parts;
    for (const auto& part : weights::scorer_parts()) {
        if (!asked.empty() && std::find(asked.begin(), asked.end(), part.name) == asked.end())
            continue;
        announce(part);
        for (const auto& file : part.files)
            if (!file.repository.empty())
                wanted.push_back({std::string(file.repository), std::string(file.from),
                                  std::string(file.to), std::string(file.revision)});
        const bool on_hub = !part.files.front().repository.empty();
        if (!on_hub && !weights::missing_scorer_files(folder, part).empty()) to_convert = &part;
    }
    std::fflush(stdout);
    auto code = ExitCode::ok;
    if (!wanted.empty())
        code = fetch(std::string(weights::kScorerName), line.loaded.settings.weights,
                     [&](weights::Hub& hub, weights::FetchWatch watch) {
                         return weights::fetch_files(hub, wanted, folder, std::move(watch),
                                                     weights::free_bytes_at);
                     });
    if (to_convert) tell_how_to_convert(folder, *to_convert);
    if (code != ExitCode::ok) return code;
    if (wanted.empty()) return to_convert ? ExitCode::unavailable : ExitCode::ok;
    const auto& quality = weights::scorer_parts().front();
    if (weights::missing_scorer_files(folder, quality).empty())
        fmt::print("{0} is ready: --score.model {0}\n", weights::kScorerName);
    else
        fmt::print("{} still lacks {}\n", weights::kScorerName, quality.name);
    return ExitCode::ok;
}

ExitCode fetch_all(const CommandLine& line, const fs::path& weights) {
    const auto& settings = line.loaded.settings.weights;
    if (settings.offline) {
        complain("weights fetch", config::fail(network::Errc::offline, settings.endpoint));
        return ExitCode::unavailable;
    }
    // What has come is on disk at any moment.
    const Interrupt interrupt("stopped; fetch again to go on from here");
    for (const auto& name : line.weights.names) {
        const auto* model = weights::find_published(name);
        const auto code = model ? fetch_pipeline(*model, line, weights / name)
                                : fetch_scorer(line, weights / name);
        if (code != ExitCode::ok) return code;
    }
    return ExitCode::ok;
}

// Every file of the folder is read; of a published model also whether it is all there. Empty, with
// a complaint, where nothing was fetched or what was cannot be told; `away`: as the disk fails.
std::vector<weights::Verified> verdicts_on(const std::string& name, const fs::path& folder,
                                           bool& away) {
    auto verdicts = weights::verify(folder, weights::Verify::all);
    away = !verdicts && verdicts.error().code == network::Errc::disk_failed;
    if (!verdicts) {
        complain(name, verdicts.error());
        return {};
    }
    if (verdicts->empty()) {
        fmt::print(stderr, "miner: {}: nothing there was fetched by `miner weights fetch`\n",
                   config::printable(folder.string()));
        return {};
    }
    const bool has_pipeline =
        std::any_of(verdicts->begin(), verdicts->end(),
                    [](const auto& verdict) { return verdict.path == kPipeline; });
    if (!has_pipeline && weights::find_published(name) && !is_whole(folder))
        verdicts->push_back(
            {kPipeline, "missing, as its fetch was cut off: miner weights fetch " + name});
    return std::move(*verdicts);
}

ExitCode verify(const std::vector<std::pair<std::string, fs::path>>& models, bool json) {
    auto code = ExitCode::ok;
    boost::json::array rows;
    for (const auto& [name, folder] : models) {
        bool away = false;
        const auto verdicts = verdicts_on(name, folder, away);
        bool right = !verdicts.empty();
        bool may_pass = right || away;  // whatever is wrong
        boost::json::array files;
        for (const auto& verdict : verdicts) {
            const auto& path = verdict.path;
            const auto& fault = verdict.fault;
            right = right && fault.empty();
            may_pass = may_pass && (fault.empty() || verdict.may_pass);
            if (json)
                files.push_back({{"path", path}, {"fault", fault}});
            else
                fmt::print("{}  {}/{}{}\n", fault.empty() ? "ok   " : "WRONG",
                           config::printable(name), config::printable(path),
                           fault.empty() ? "" : ": " + config::printable(fault));
        }
        if (json)
            rows.push_back(
                {{"name", name}, {"folder", folder.string()}, {"ok", right}, {"files", files}});
        if (!right && code != ExitCode::model)
            code = may_pass ? ExitCode::storage : ExitCode::model;
    }
    if (json) fmt::print("{}\n", config::json_text(boost::json::serialize(rows)));
    return code;
}

std::vector<std::pair<std::string, fs::path>> to_verify(const std::vector<std::string>& names,
                                                        const fs::path& weights) {
    std::vector<std::pair<std::string, fs::path>> models;
    for (const auto& name : names) {
        const bool ours = weights::find_published(name) || name == weights::kScorerName;
        models.emplace_back(name, ours ? weights / name : fs::path(name));
    }
    if (!names.empty()) return models;
    std::vector<std::string_view> known;
    for (const auto& model : weights::published_models()) known.push_back(model.name);
    known.push_back(weights::kScorerName);
    std::error_code ignored;
    for (const auto name : known)
        if (fs::exists(weights / name, ignored)) models.emplace_back(name, weights / name);
    return models;
}

}  // namespace

ExitCode weights_command(const CommandLine& line) {
    using Action = WeightsOptions::Action;
    const auto weights = config::weights_folder(line.loaded.settings);
    switch (line.weights.action) {
        case Action::list:
            return list(weights, line.weights.json);
        case Action::fetch:
            return fetch_all(line, weights);
        case Action::verify:
            return verify(to_verify(line.weights.names, weights), line.weights.json);
    }
    return ExitCode::internal;
}

}  // namespace miner

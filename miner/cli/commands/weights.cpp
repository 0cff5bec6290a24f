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
#include "weights/weights_lock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include <unistd.h>

namespace miner {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Entry {
    const weights::PublishedModel* model;
    fs::path folder;
    std::string state;  // "not here", "incomplete", "fetched", "changed: FILE"
    std::int64_t bytes = 0;
};

Entry look_at(const weights::PublishedModel& model, const fs::path& weights) {
    Entry entry{&model, weights / model.name, "not here"};
    const auto lock = weights::read_lock(entry.folder);
    std::error_code ignored;
    if (!lock) {
        entry.state = "broken lock";
    } else if (*lock) {
        for (const auto& file : (*lock)->files) entry.bytes += file.size;
        entry.state =
            fs::exists(entry.folder / "pipeline.json", ignored) ? "fetched" : "incomplete";
        for (const auto& file : (*lock)->files)
            if (fs::file_size(entry.folder / file.path, ignored) != std::uintmax_t(file.size))
                entry.state = "changed: " + file.path;
    } else if (fs::exists(entry.folder, ignored)) {
        entry.state = "incomplete";
    }
    return entry;
}

ExitCode list(const fs::path& weights, bool json) {
    boost::json::array rows;
    if (!json) fmt::print("{:<20} {:<12} {:>8}  {}\n", "name", "state", "size", "what for");
    for (const auto& model : weights::published_models()) {
        const auto entry = look_at(model, weights);
        if (json) {
            rows.push_back({{"name", model.name},
                            {"repository", model.repository},
                            {"state", entry.state},
                            {"bytes", entry.bytes},
                            {"folder", entry.folder.string()}});
        } else {
            fmt::print("{:<20} {:<12} {:>8}  {}\n", model.name, config::printable(entry.state),
                       entry.bytes > 0 ? bytes_text(entry.bytes) : "-", model.doc);
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
    if (error.code == Errc::no_space || error.code == Errc::io) return ExitCode::storage;
    if (error.code == Errc::wrong_hash || error.code == Errc::malformed) return ExitCode::model;
    return ExitCode::unavailable;
}

ExitCode fetch(const weights::PublishedModel& model, const std::string& revision,
               const config::Weights& settings, const fs::path& folder) {
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
    boost::asio::co_spawn(
        io,
        weights::fetch_model(hub, std::string(model.repository), revision, folder,
                             display.watch(std::string(model.name)), weights::free_bytes_at),
        [&](std::exception_ptr thrown, config::Result<void> result) {
            failure = thrown;
            end = std::move(result);
            io.stop();
        });
    io.run();
    if (failure) std::rethrow_exception(failure);
    if (!end) {
        complain(model.name, end.error());
        return exit_code_of(end.error());
    }
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
        const auto& model = *weights::find_published(name);
        const auto folder = weights / name;
        if (const auto code = fetch(model, line.weights.revision, settings, folder);
            code != ExitCode::ok)
            return code;
        fmt::print("{} is ready: --generator.model {}\n", name, name);
    }
    return ExitCode::ok;
}

// Every file of these folders is read.
ExitCode verify(const std::vector<std::pair<std::string, fs::path>>& models) {
    auto code = ExitCode::ok;
    for (const auto& [name, folder] : models) {
        const auto verdicts = weights::verify(folder, weights::Verify::all);
        if (!verdicts) {
            complain(name, verdicts.error());
        } else if (verdicts->empty()) {
            fmt::print(stderr, "miner: {}: nothing there was fetched by `miner weights fetch`\n",
                       config::printable(folder.string()));
        }
        if (!verdicts || verdicts->empty()) {
            code = ExitCode::model;
            continue;
        }
        for (const auto& verdict : *verdicts) {
            const bool right = verdict.fault.empty();
            fmt::print("{}  {}/{}{}\n", right ? "ok   " : "WRONG", config::printable(name),
                       config::printable(verdict.path),
                       right ? "" : ": " + config::printable(verdict.fault));
            if (!right) code = ExitCode::model;
        }
    }
    return code;
}

std::vector<std::pair<std::string, fs::path>> to_verify(const std::vector<std::string>& names,
                                                        const fs::path& weights) {
    std::vector<std::pair<std::string, fs::path>> models;
    for (const auto& name : names)
        models.emplace_back(name, weights::find_published(name) ? weights / name : fs::path(name));
    if (!names.empty()) return models;
    std::error_code ignored;
    for (const auto& model : weights::published_models())
        if (fs::exists(weights / model.name, ignored))
            models.emplace_back(model.name, weights / model.name);
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
            return verify(to_verify(line.weights.names, weights));
    }
    return ExitCode::internal;
}

}  // namespace miner

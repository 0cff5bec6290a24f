#include "config/escape.hpp"
#include "generator/network_library.hpp"
#include "miner/cli/command_line.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/cli/weights.hpp"
#include "miner/report/complaint.hpp"
#include "miner/runtime/openmp.hpp"
#include "miner/runtime/signals.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <system_error>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

// A fetched model is loaded only while it is what its publisher states; a folder of the user's own
// has no lock and is taken as it is.
config::Result<void> expect_right(const std::string& folder) {
    return miner::expect_right(folder, [](const config::Error& damage) {
        std::fprintf(stderr, "miner: warning: loaded unverified: %s\n",
                     config::printable(damage.message()).c_str());
    });
}

using Networks = generator::NetworkLibrary;

miner::MakeGenerator model_loader(const Networks& networks) {
    return [&networks](const config::Generator& settings)
               -> config::Result<std::unique_ptr<generator::Generator>> {
        if (auto right = expect_right(settings.model); !right) return right.error();
        return networks.make_trellis(settings);
    };
}

config::Result<std::unique_ptr<generator::Scorer>> load_scorer(const Networks& networks,
                                                               const config::Score& settings,
                                                               int threads) {
    if (settings.model == config::kEmbeddedScorer)
        return networks.open_embedded_scorer(settings.device);
    if (auto right = expect_right(settings.model); !right) return right.error();
    generator::ScorerOptions options;
    options.folder = settings.model;
    options.device = settings.device;
    options.dtype = settings.dtype;
    options.threads = threads;
    return networks.open_published_scorer(options);
}

miner::MakePredictor predictor(const Networks& networks, int threads) {
    return {[&networks, threads](const config::Score& settings) {
                return load_scorer(networks, settings, threads);
            },
            networks.rasterizer_on};
}

// The validator's networks with random weights, for measurements.
miner::MakePredictor random_predictor(const Networks& networks, int threads) {
    const auto open = [&networks, threads](const config::Score& settings) {
        generator::ScorerOptions options;
        options.device = settings.device;
        options.dtype = settings.dtype;
        options.threads = threads;
        options.random_weights = true;
        return networks.open_published_scorer(options);
    };
    return {open, networks.rasterizer_on};
}

// Opens them for whoever makes splats or scores them, asks for devices, or says what is installed.
template <class Work>
miner::ExitCode with_networks(Work work) {
    miner::let_idle_threads_sleep();
    const auto networks = generator::open_network_library();
    if (networks) return work(**networks);
    miner::complain("the networks", networks.error());
    return miner::ExitCode::model;
}

miner::ExitCode run(const miner::CommandLine& line) {
    using miner::Command;
    const int threads = line.loaded.settings.generator.threads;
    switch (line.command) {
        case Command::run:
            return with_networks([&](const Networks& networks) {
                return miner::run_command(line, model_loader(networks),
                                          predictor(networks, threads));
            });
        case Command::serve:
            return with_networks([&](const Networks& networks) {
                return miner::serve_command(line, model_loader(networks));
            });
        case Command::rehearse:
            return with_networks([&](const Networks& networks) {
                return miner::rehearse_command(line, model_loader(networks),
                                               predictor(networks, threads));
            });
        case Command::generate:
            return with_networks([&](const Networks& networks) {
                return miner::generate_command(line, model_loader(networks));
            });
        case Command::batch:
            return with_networks([&](const Networks& networks) {
                return miner::batch_command(line, model_loader(networks),
                                            predictor(networks, threads));
            });
        case Command::check:
            return with_networks([&](const Networks& networks) {
                return miner::check_command(
                    line, networks.make_trellis,
                    {networks.look_at_device, networks.memory_need, networks.scorer_memory_need});
            });
        case Command::render:
            return with_networks([&](const Networks& networks) {
                return miner::render_command(line, networks.rasterizer_on);
            });
        case Command::score:
            return with_networks([&](const Networks& networks) {
                return miner::score_command(line, predictor(networks, threads).scorer,
                                            networks.rasterizer_on);
            });
        case Command::bench:
            return with_networks([&](const Networks& networks) {
                return miner::bench_command(
                    line, networks.bench_random, networks.bench_scorer,
                    {networks.make_bench_generator, random_predictor(networks, threads)});
            });
        case Command::version:
            return with_networks([&](const Networks& networks) {
                return miner::version_command(line, networks.about());
            });
        case Command::stats:
            return miner::stats_command(line);
        case Command::tune:
            return miner::tune_command(line);
        case Command::wallet:
            return miner::wallet_command(line);
        case Command::convert:
            return miner::convert_command(line);
        case Command::inspect:
            return miner::inspect_command(line);
        case Command::weights:
            return miner::weights_command(line);
        case Command::top:
            return miner::top_command(line);
        case Command::backup:
            return miner::backup_command(line);
        case Command::restore:
            return miner::restore_command(line);
        case Command::completion:
            return miner::completion_command(line);
        case Command::config:
            return miner::config_command(line);
    }
    return miner::ExitCode::internal;
}

bool mines(miner::Command command) {
    using miner::Command;
    return command == Command::run || command == Command::serve || command == Command::rehearse;
}

// Who stops in order when a signal comes.
bool stops_in_order(miner::Command command) {
    return mines(command) || command == miner::Command::batch;
}

// Who keeps what is nobody else's business: files for the owner alone. What a user asks for by name
// (`-o` of `miner generate` and `batch`) and fetched models are made as the user's umask says.
bool keeps(miner::Command command) {
    using miner::Command;
    return mines(command) || command == Command::check || command == Command::backup ||
           command == Command::restore;
}

// What cannot be printed is an error of that print, and no end by a signal.
void ignore_signals_of_writing() {
    std::signal(SIGPIPE, SIG_IGN);  // the reader went away
    std::signal(SIGXFSZ, SIG_IGN);  // the file may not grow further
}

// As in `miner stats | head`, or when the terminal went.
bool is_nobody_left(int error) {
    if (error != 0) return error == EPIPE || error == EIO;
    pollfd out{STDOUT_FILENO, POLLOUT, 0};  // the error was an earlier print's
    return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// Whoever reads has had enough: no fault, but a verdict that nobody saw is none.
miner::ExitCode unread(miner::Command command) {
    using miner::Command;
    const bool judges = command == Command::rehearse || command == Command::check;
    return judges ? miner::ExitCode::no_go : miner::ExitCode::ok;
}

// fmt would throw where standard error is what cannot be written.
void complain(const char* what, const char* why) {
    std::fprintf(stderr, "miner: %s: %s\n", what, config::printable(why).c_str());
}

miner::ExitCode print_rest(miner::Command command, miner::ExitCode code) {
    errno = 0;
    const bool failed_before = std::ferror(stdout) != 0;
    if (std::fflush(stdout) == 0 && !failed_before) return code;
    const int error = errno;
    if (is_nobody_left(error)) return code == miner::ExitCode::ok ? unread(command) : code;
    complain("standard output", error ? std::strerror(error) : "not all of it could be written");
    return code == miner::ExitCode::ok ? miner::ExitCode::storage : code;
}

miner::ExitCode run_and_print(const miner::CommandLine& line) {
    constexpr auto kBug = "internal error, please report it";
    try {
        return print_rest(line.command, run(line));
    } catch (const std::system_error& error) {
        const bool printing = std::ferror(stdout) != 0 || std::ferror(stderr) != 0;
        if (printing && is_nobody_left(error.code().value())) return unread(line.command);
        if (printing) {
            complain("standard output", error.code().message().c_str());
            return miner::ExitCode::storage;
        }
        complain(kBug, error.what());
    } catch (const std::exception& error) {
        complain(kBug, error.what());
    }
    return miner::ExitCode::internal;
}

}  // namespace

int main(int argc, char** argv) {
    ignore_signals_of_writing();
    const auto parsed =
        miner::parse(argc, argv, config::process_environment(), std::chrono::system_clock::now());
    if (const auto* over = std::get_if<miner::Exit>(&parsed)) {
        std::fputs(config::printable_lines(over->text).c_str(), over->to_stderr ? stderr : stdout);
        return int(print_rest(miner::Command::version, over->code));
    }
    const auto& line = std::get<miner::CommandLine>(parsed);
    if (keeps(line.command)) ::umask(077);
    if (stops_in_order(line.command)) miner::keep_signals();
    return int(run_and_print(line));
}

// miner batch: a folder or a list of pictures and prompts to a folder of splats.
#include "config/elapsed.hpp"
#include "config/escape.hpp"
#include "miner/batch/run.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/cli/weights.hpp"
#include "miner/report/complaint.hpp"
#include "miner/terminal/screen.hpp"

#include <chrono>
#include <iostream>
#include <random>
#include <utility>

namespace miner {
namespace {

// As large as the seeds that are drawn from it.
std::uint64_t draw_seed() {
    std::random_device random;
    return std::uniform_int_distribution<std::uint64_t>(0, (1ULL << 52) - 1)(random);
}

}  // namespace

ExitCode batch_command(const CommandLine& line, const MakeGenerator& make_generator,
                       const MakePredictor& make_predictor) {
    const auto settings = settings_with_quiet_log(line.loaded);
    auto log = open_log(settings, config::storage_folder(settings));
    if (!log) return ExitCode::storage;
    const auto& options = line.batch;
    auto inputs = read_inputs(options.input);
    if (!inputs) {
        complain(options.input, inputs.error());
        return ExitCode::bad_input;
    }
    if (const auto unread = unread_pictures(options.input); !unread.empty())
        std::cerr << "miner: " << config::printable(options.input)
                  << ": passed over, as pictures of these kinds are not read: " << unread << '\n';
    std::function<int()> columns;
    if (is_screen()) columns = [] { return screen_size().columns; };
    const auto begin = std::chrono::steady_clock::now();
    return run_batch({.settings = settings,
                      .inputs = std::move(*inputs),
                      .folder = options.folder,
                      .form = {options.format, options.up},
                      .previews = options.previews,
                      .start_over = options.start_over,
                      .weights = weights_digest(settings.generator.model),
                      .drawn = draw_seed(),
                      .make_generator = make_generator,
                      .make_predictor = make_predictor,
                      .log = *log,
                      .out = std::cout,
                      .err = std::cerr,
                      .columns = std::move(columns),
                      .clock = [begin] { return config::seconds_since(begin); }});
}

}  // namespace miner

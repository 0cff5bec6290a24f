// miner generate: a picture, several of one object, or a prompt to one splat file, by the same
// generation config as mining: enhancement, gate, retry.
#include "config/escape.hpp"
#include "config/veil.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/cli/commands/commands.hpp"
#include "miner/generation/no_model.hpp"
#include "miner/generation/production.hpp"
#include "miner/report/complaint.hpp"
#include "miner/report/words.hpp"
#include "miner/runtime/signals.hpp"
#include "miner/runtime/stop_on_io.hpp"
#include "network/run_alone.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <random>
#include <variant>

#include <unistd.h>

namespace miner {
namespace {

constexpr std::size_t kMaxPictureBytes = 20 << 20;

struct Written {
    std::string path;
    generator::SplatFormat format;
    std::size_t bytes = 0;
    std::size_t gaussians = 0;
    generator::SplatHealth health;
};

// TRELLIS's own convention leaves size and place as generated; the validator's takes the settings
// of export.*. The exit code, with a complaint, when there is no file.
std::variant<Written, ExitCode> write_output(const GenerateOptions::Output& output,
                                             const generator::Splats& splats,
                                             const config::Export& settings) {
    const bool as_generated = output.up == "trellis";
    const auto options =
        as_generated ? generator::trellis_options() : generator::export_options(settings);
    const auto stored = generator::export_splats(splats, options);
    if (stored.size() == 0) {
        fmt::print(stderr, "miner: {}: not written: of {} Gaussians none is {}\n",
                   config::printable(output.path), splats.size(),
                   as_generated ? "finite"
                                : "finite, as visible as export.min_opacity asks and as near as "
                                  "export.margin does");
        return ExitCode::no_go;
    }
    const auto bytes = generator::write_splats(
        stored, output.format,
        {.fraction_bits = settings.fraction_bits, .zstd_level = settings.zstd_level});
    if (!bytes) {
        complain(output.path, bytes.error());
        return ExitCode::no_go;
    }
    if (!write_file(output.path, *bytes)) return ExitCode::storage;
    return Written{output.path, output.format, bytes->size(), stored.size(),
                   generator::measure(stored)};
}

// Nothing when a file cannot be read, which was said.
std::optional<GenerationRequest> read_generation_request(const GenerateOptions& options) {
    if (options.prompt) return generator::Prompt{*options.prompt};
    MultiImage images;
    if (options.several == "averaged") images.mode = generator::Views::Mode::averaged;
    for (const auto& path : options.pictures) {
        auto picture = read_file(path, kMaxPictureBytes);
        if (!picture) return std::nullopt;
        images.files.push_back(std::move(*picture));
    }
    if (images.files.size() == 1) return std::move(images.files.front());
    return images;
}

boost::json::value to_json(const GenerationResult& result, const generator::ModelInfo& model,
                           const std::vector<Written>& files) {
    boost::json::array attempts;
    for (const auto& attempt : result.attempts) {
        const auto& t = attempt.times;
        attempts.push_back({{"attempt", attempt.number},
                            {"chain", storage::name(attempt.chain)},
                            {"route", storage::name(attempt.route)},
                            {"seed", attempt.seed},
                            {"voxels", attempt.voxels},
                            {"gaussians", attempt.gaussians},
                            {"outcome", storage::name(attempt.outcome)},
                            {"error", attempt.error},
                            {"ms",
                             {{"prepare", t.prepare},
                              {"encode", t.encode},
                              {"structure", t.structure},
                              {"occupancy", t.occupancy},
                              {"latent", t.latent},
                              {"gaussians", t.gaussians}}}});
    }
    boost::json::array written;
    for (const auto& file : files)
        written.push_back({{"path", file.path},
                           {"format", generator::words(file.format)},
                           {"bytes", file.bytes},
                           {"gaussians", file.gaussians},
                           {"invisible", file.health.invisible},
                           {"opacity_mean", file.health.opacity_mean}});
    return {{"outcome", words(result.outcome)},
            {"detail", result.detail},
            {"chosen", result.attempt},
            {"attempts", attempts},
            {"files", written},
            {"model", model.name},
            {"device", model.device},
            {"dtype", model.dtype}};
}

void print_for_people(const GenerationResult& result, const config::Gate& gate,
                      const std::vector<Written>& files) {
    for (const auto& attempt : result.attempts) {
        fmt::print("attempt {}  {:<9} {:>7} voxels  {:>9} Gaussians  {:<7} {:>7.2f} s\n",
                   attempt.number, storage::name(attempt.chain), attempt.voxels, attempt.gaussians,
                   storage::name(attempt.outcome), config::total(attempt.times) / 1000);
    }
    fmt::print("{} (gate {})\n", words(result.outcome), gate.min_gaussians);
    for (const auto& file : files)
        fmt::print("{}: {}, {} Gaussians, {:.2f} MB\n", config::printable(file.path),
                   generator::words(file.format), file.gaussians, double(file.bytes) / 1e6);
}

struct Generated {
    GenerationResult result;
    generator::ModelInfo model;
};

// What is generated, and how the command is stopped meanwhile.
struct GenerateCall {
    GenerationRequest request;
    std::string what;  // for the log
    std::uint64_t seed;
    Interrupt& interrupt;
};

// The exit code, with a complaint, when there is no backend or it has no model.
std::variant<Generated, ExitCode> generate(GenerateCall call, const config::Settings& settings,
                                           const MakeGenerator& make_generator,
                                           GenerationConfig generation_config,
                                           config::Logger& log) {
    asio::io_context io{1};
    Lanes lanes;
    auto pool = BackendPool::build(lanes, log, settings.generator, BackendPool::Extent::one);
    if (!pool) {
        complain("generator.remote", pool.error());
        return ExitCode::usage;
    }
    Production production(lanes, **pool, log, std::move(generation_config));
    const StopOnIo stop(io.get_executor(), call.interrupt.token());
    std::optional<config::Error> no_model;
    Generated made;
    const auto work = [&]() -> asio::awaitable<void> {
        const auto loaded = co_await (*pool)->load(make_generator);
        if (loaded) {
            made.model = (*pool)->info();
            Production::Watch watch{.task = call.what};
            call.interrupt.let_finish();
            const auto token = stop.token();
            auto making =
                production.produce(std::move(call.request), call.seed, token, std::move(watch));
            made.result = co_await std::move(making);
            co_await (*pool)->unload();
        } else {
            no_model = loaded.error();
        }
    };
    network::run_alone(io, work());
    if (no_model) {
        complain("model", *no_model);
        return exit_code_without_model(*no_model, settings.generator);
    }
    return made;
}

// How it ended, with what there is to say of it on standard error. `writing`: how the files did.
ExitCode ending_of(const GenerationResult& result, const std::string& what, bool interrupted,
                   ExitCode writing, bool none_written) {
    if (result.given_up() && interrupted) return ExitCode::interrupted;
    if (result.outcome == storage::Outcome::error || result.undecided()) {
        fmt::print(stderr, "miner: {}: {}\n", config::printable(what),
                   config::printable(config::veiled(result.detail)));
        if (result.end == GenerationResult::End::device_lost) return ExitCode::device_lost;
        return result.bad_input() ? ExitCode::bad_input : ExitCode::no_go;
    }
    if (writing != ExitCode::ok) return writing;
    if (!none_written) return ExitCode::ok;
    if (!result.detail.empty()) {
        fmt::print(stderr, "miner: nothing was written: {}\n",
                   config::printable(config::veiled(result.detail)));
        return ExitCode::no_go;
    }
    fmt::print(stderr,
               "miner: nothing was written: every attempt stayed sparse; lower "
               "--gate.min_gaussians or --gate.floor to have it all the same\n");
    return ExitCode::no_go;
}

}  // namespace

ExitCode generate_command(const CommandLine& line, const MakeGenerator& make_generator) {
    Interrupt interrupt("stopped; nothing was written");
    const auto settings = settings_with_quiet_log(line.loaded);
    auto log = open_log(settings, config::storage_folder(settings));
    if (!log) return ExitCode::storage;
    auto request = read_generation_request(line.generate);
    if (!request) return ExitCode::bad_input;
    const std::string what =
        line.generate.prompt ? "prompt" : fmt::format("{}", fmt::join(line.generate.pictures, " "));
    auto generation_config = read_generation_config(settings, Pictures::of_operator);
    if (!generation_config) {
        complain("enhance", generation_config.error());
        return ExitCode::usage;
    }
    const std::uint64_t seed = settings.generator.seed >= 0 ? std::uint64_t(settings.generator.seed)
                                                            : std::random_device{}();
    const auto outcome = generate({std::move(*request), what, seed, interrupt}, settings,
                                  make_generator, std::move(*generation_config), *log);
    if (const auto* code = std::get_if<ExitCode>(&outcome)) return *code;
    const auto& [result, model] = std::get<Generated>(outcome);

    if (!result.not_cut_out.empty())
        fmt::print(stderr, "miner: {}: not cut out: {}; went in with all of it\n",
                   config::printable(what), config::printable(config::veiled(result.not_cut_out)));
    std::vector<Written> files;
    auto writing = ExitCode::ok;
    if (result.splats.size() > 0) {
        for (const auto& output : line.generate.outputs) {
            auto written = write_output(output, result.splats, settings.export_);
            if (auto* file = std::get_if<Written>(&written))
                files.push_back(std::move(*file));
            else if (writing != ExitCode::storage)
                writing = std::get<ExitCode>(written);
        }
    }
    if (line.generate.json)
        fmt::print("{}\n",
                   config::json_text(boost::json::serialize(to_json(result, model, files))));
    else
        print_for_people(result, settings.gate, files);
    return ending_of(result, what, interrupt.token().stop_requested(), writing, files.empty());
}

}  // namespace miner

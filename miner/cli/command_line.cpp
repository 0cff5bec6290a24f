#include "miner/cli/command_line.hpp"

#include "config/errc.hpp"
#include "config/escape.hpp"
#include "config/nearest.hpp"
#include "config/veil.hpp"
#include "miner/cli/arguments.hpp"
#include "miner/cli/home.hpp"
#include "miner/cli/moment.hpp"
#include "miner/cli/output_options.hpp"
#include "miner/cli/parse_number.hpp"
#include "network/wallet/ss58.hpp"
#include "weights/model_plan.hpp"
#include "weights/scorer_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace miner {
namespace {

using Clock = std::chrono::system_clock;

std::optional<std::int64_t> read_time(std::string_view flag, const std::optional<std::string>& text,
                                      Clock::time_point now, Complaints& complaints) {
    if (!text) return std::nullopt;
    const auto time = parse_moment(*text, now);
    if (!time) {
        complaints.push_back(fmt::format(
            "{}: {} is no time: give a span such as 90m, 24h, 7d or 2w, or a date such as "
            "2026-11-23 or 2026-11-23T14:00 in UTC",
            flag, config::quoted(*text, 80)));
    }
    return time;
}

StatsOptions read_stats(const Arguments& arguments, Clock::time_point now, Complaints& complaints) {
    StatsOptions options;
    if (arguments.last) {
        options.last = parse_number<std::int64_t>(*arguments.last);
        if (!options.last || *options.last < 0) {
            complaints.push_back(
                fmt::format("--last: {} is no count: give a whole number, or 0 for all",
                            config::quoted(*arguments.last, 80)));
        }
    }
    options.since_ms = read_time("--since", arguments.since, now, complaints);
    options.until_ms = read_time("--until", arguments.until, now, complaints);
    if (options.since_ms && options.until_ms && *options.since_ms > *options.until_ms) {
        complaints.push_back("--since: it is later than --until; nothing lies between them");
    }
    using By = StatsOptions::By;
    constexpr std::pair<std::string_view, By> kGroups[] = {{"validator", By::validator},
                                                           {"hotkey", By::hotkey},
                                                           {"kind", By::kind},
                                                           {"route", By::route},
                                                           {"day", By::day}};
    if (arguments.by) {
        for (const auto& [name, by] : kGroups) {
            if (*arguments.by == name) options.by = by;
        }
    }
    if (arguments.hotkey) {
        options.hotkey = *arguments.hotkey;
        // Anything of an address's length is meant as one; the rest are names of hotkeys.
        const bool address = options.hotkey.size() >= 46 && options.hotkey.size() <= 48;
        if (const auto key = network::ss58_decode(options.hotkey); address && !key) {
            complaints.push_back(fmt::format("--hotkey: {}", key.error().message()));
        }
    }
    options.watch = arguments.watch;
    if (options.watch && (arguments.json || arguments.csv))
        complaints.push_back("--watch: it goes with neither --json nor --csv");
    if (arguments.json && arguments.csv) complaints.push_back("--csv: give either --json or --csv");
    if (arguments.json) options.form = StatsOptions::Form::json;
    if (arguments.csv) options.form = StatsOptions::Form::csv;
    options.database = arguments.database.value_or("");
    return options;
}

BenchCommandOptions read_bench(const Arguments& arguments, Complaints& complaints) {
    BenchCommandOptions options{.model = arguments.model.value_or("trellis-image-large"),
                                .json = arguments.json};
    if (!arguments.random) {
        complaints.push_back(
            "--random: needed: only random weights are measured so; what a checkpoint takes, "
            "miner generate --json tells");
    }
    const auto read = [&](const char* flag, const std::optional<std::string>& text,
                          std::int64_t most, std::int64_t absent) {
        if (!text) return absent;
        const auto number = parse_number<std::int64_t>(*text);
        if (number && *number >= 1 && *number <= most) return *number;
        complaints.push_back(
            fmt::format("{}: {}: give 1 to {}", flag, config::quoted(*text, 80), most));
        return absent;
    };
    options.voxels = read("--voxels", arguments.voxels, 100'000, options.voxels);
    options.steps = int(read("--steps", arguments.steps, 1000, options.steps));
    if (arguments.steps && options.model == weights::kScorerName)
        complaints.push_back(fmt::format("--steps: {} takes none", weights::kScorerName));
    if (arguments.runs) options.runs = int(read("--runs", arguments.runs, 1000, 1));
    if (arguments.candidates)
        options.candidates = int(read("--candidates", arguments.candidates, 3600, 1));
    if (arguments.candidates && options.model == weights::kScorerName)
        complaints.push_back(
            fmt::format("--candidates: {} makes none; name a model", weights::kScorerName));
    return options;
}

InspectOptions read_inspect(const Arguments& arguments, Complaints& complaints) {
    if (!arguments.file)
        complaints.push_back("FILE: which one? Name a PLY or SPZ, or - for standard input");
    return {arguments.file.value_or(""), arguments.json};
}

RenderOptions read_render(const Arguments& arguments, Complaints& complaints) {
    RenderOptions options{.file = arguments.file.value_or(""), .json = arguments.json};
    if (!arguments.file)
        complaints.push_back("FILE: which one? Name a PLY or SPZ, or - for standard input");
    const auto take = [&](std::string_view flag, const std::string& path, std::string_view end,
                          std::string& to) {
        if (!ends_in(path, end)) {
            complaints.push_back(
                fmt::format("{}: {} does not end in {}", flag, config::quoted(path, 200), end));
        }
        to = path;
    };
    if (arguments.outputs.size() > 1)
        complaints.push_back("--output: one picture at a time; --views 4 shows four sides in it");
    if (!arguments.outputs.empty())
        take("--output", arguments.outputs.front(), ".png", options.picture);
    if (arguments.turntable) take("--turntable", *arguments.turntable, ".webp", options.turntable);
    if (arguments.outputs.empty() && !arguments.turntable) {
        complaints.push_back(
            "--output: where to? Name a .png file, or a .webp file with --turntable");
    }
    if (arguments.views) options.views = parse_number<int>(*arguments.views).value_or(1);
    if (arguments.side) {
        const auto side = parse_number<int>(*arguments.side);
        if (!side || *side < 16 || *side > 1024) {
            complaints.push_back(fmt::format("--size: {} is no size: give 16 to 1024 pixels",
                                             config::quoted(*arguments.side, 80)));
        }
        options.side = side.value_or(options.side);
    }
    options.from_trellis = arguments.up == "trellis";
    return options;
}

ScoreOptions read_score(const Arguments& arguments, Complaints& complaints) {
    constexpr std::size_t kMostFiles = 1'000, kMostCharacters = 1'024;
    ScoreOptions options{.files = arguments.files,
                         .prompt = arguments.prompt,
                         .picture = arguments.picture.value_or(""),
                         .views = arguments.views_folder.value_or(""),
                         .json = arguments.json};
    if (options.files.empty())
        complaints.push_back("FILE: which one? Name a PLY or SPZ, or - for standard input");
    if (options.files.size() > kMostFiles)
        complaints.push_back(fmt::format("FILE: {} are too many: give {} at most",
                                         options.files.size(), kMostFiles));
    if (options.prompt && arguments.picture)
        complaints.push_back("--picture: give either a prompt or a picture");
    else if (!options.prompt && options.picture.empty())
        complaints.push_back("--prompt: what should it show? Say it in words, or name --picture");
    // As a validator counts: not bytes.
    const auto is_first_byte = [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    };
    if (options.prompt && std::size_t(std::count_if(options.prompt->begin(), options.prompt->end(),
                                                    is_first_byte)) > kMostCharacters)
        complaints.push_back(fmt::format(
            "--prompt: longer than the {} characters that a validator takes", kMostCharacters));
    if (arguments.views_folder && options.views.empty())
        complaints.push_back("--views: where to? Name a folder");
    const auto pipes = std::count(options.files.begin(), options.files.end(), "-") +
                       (options.picture == "-" ? 1 : 0);
    if (pipes > 1) complaints.push_back("FILE: standard input, -, holds one thing; name files");
    return options;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known,
                         std::string_view otherwise) {
    const std::string near = config::nearest(word, known);
    return near.empty() ? std::string(otherwise) : "did you mean " + near + "?";
}

// What goes with the validator's scorer alone, and what does not go with it.
void read_parts(const Arguments& arguments, WeightsOptions& options, Complaints& complaints) {
    const bool scorer = std::find(options.names.begin(), options.names.end(),
                                  weights::kScorerName) != options.names.end();
    const bool fetches = options.action == WeightsOptions::Action::fetch;
    if (scorer && fetches && arguments.revision)
        complaints.push_back(fmt::format("--revision: those of {} are the validators' and fixed",
                                         weights::kScorerName));
    if (!arguments.part) return;
    if (!scorer || !fetches)
        complaints.push_back(
            fmt::format("--part: it goes with weights fetch {} alone", weights::kScorerName));
    for (std::size_t at = 0; at <= arguments.part->size();) {
        const auto end = std::min(arguments.part->find(',', at), arguments.part->size());
        const auto part = arguments.part->substr(at, end - at);
        at = end + 1;
        if (weights::find_scorer_part(part))
            options.parts.push_back(part);
        else
            complaints.push_back(fmt::format("--part: {} is none of quality, text, picture, lpips",
                                             config::quoted(part, 80)));
    }
}

WeightsOptions read_weights(const Arguments& arguments, Complaints& complaints) {
    using Action = WeightsOptions::Action;
    constexpr std::pair<std::string_view, Action> kActions[] = {
        {"list", Action::list}, {"fetch", Action::fetch}, {"verify", Action::verify}};
    WeightsOptions options{.names = arguments.names,
                           .revision = arguments.revision.value_or("main"),
                           .json = arguments.json};
    const auto asked = arguments.action.value_or("list");
    const auto* found = std::find_if(std::begin(kActions), std::end(kActions),
                                     [&](const auto& each) { return each.first == asked; });
    if (found != std::end(kActions)) options.action = found->second;
    if (options.action == Action::fetch) {
        if (options.json) complaints.push_back("--json: it goes with list and verify alone");
        if (options.names.empty())
            complaints.push_back("weights fetch: which model? See miner weights list");
        for (const auto& name : options.names) {
            if (weights::find_published(name) || name == weights::kScorerName) continue;
            std::vector<std::string> names{std::string(weights::kScorerName)};
            for (const auto& model : weights::published_models()) names.emplace_back(model.name);
            complaints.push_back(fmt::format("weights fetch: {} is no published model; {}",
                                             config::quoted(name, 80),
                                             did_you_mean(name, names, "see miner weights list")));
        }
    }
    read_parts(arguments, options, complaints);
    return options;
}

ConfigOptions read_config(const Arguments& arguments, Complaints& complaints) {
    using Form = ConfigOptions::Form;
    Form form = Form::text;
    const auto take = [&](bool asked, Form that) {
        if (asked && form != Form::text)
            complaints.push_back("--json, --markdown, --toml: give one of them");
        if (asked) form = that;
    };
    take(arguments.json, Form::json);
    take(arguments.markdown, Form::markdown);
    take(arguments.toml, Form::toml);
    return {form};
}

void complain_of_left_over(const Arguments& arguments, Complaints& complaints) {
    bool any_flag = false;
    for (const std::string& word : arguments.left_over) {
        if (!word.starts_with('-') || word == "-" || word == "--") continue;
        any_flag = true;
        const std::string flag = word.substr(0, word.find('='));
        complaints.push_back(fmt::format(
            "{}: no such flag; {}", config::is_plain(flag) ? flag : config::quoted(flag, 80),
            did_you_mean(flag, Arguments::flags(arguments.command),
                         "see miner --help, and miner config --print for all settings")));
    }
    // What follows an unknown flag may be its value, and is no mistake of its own.
    const auto first = std::find_if(arguments.left_over.begin(), arguments.left_over.end(),
                                    [](const std::string& word) { return word != "--"; });
    if (any_flag || first == arguments.left_over.end()) return;
    const std::string& word = *first;
    if (arguments.command_named) {
        complaints.push_back(
            fmt::format("{}: nothing can be done with it here; see the command's --help",
                        config::quoted(config::veiled(word), 80)));
    } else {
        complaints.push_back(
            fmt::format("{}: no such command; {}", config::quoted(config::veiled(word), 80),
                        did_you_mean(word, Arguments::commands(), "see miner --help")));
    }
}

Exit refuse(const Complaints& complaints) {
    std::string text = complaints.size() == 1
                           ? "miner: something is wrong with the settings or flags:\n"
                           : fmt::format("miner: {} things are wrong with the settings or flags:\n",
                                         complaints.size());
    for (const std::string& complaint : complaints) text += "  " + complaint + '\n';
    return {ExitCode::usage, text, true};
}

using ReadFile = config::Result<std::optional<config::SettingsFile>>;

// The settings, or defaults and complaints.
config::Loaded load_settings(const ReadFile& file, const Arguments& arguments,
                             const config::Environment& environment, Complaints& complaints) {
    if (!file) complaints.push_back(file.error().message());
    auto loaded = config::load(file ? *file : std::nullopt, environment, arguments.settings);
    if (auto* good = std::get_if<config::Loaded>(&loaded)) return std::move(*good);
    for (const config::Fault& fault : std::get<config::Faults>(loaded))
        complaints.push_back(fault.message());
    return {};
}

}  // namespace

std::variant<CommandLine, Exit> parse(int argc, const char* const* argv,
                                      const config::Environment& environment,
                                      Clock::time_point now) {
    auto sorted = sort_arguments(argc, argv);
    if (auto* over = std::get_if<Exit>(&sorted)) return std::move(*over);
    const Arguments& arguments = std::get<Arguments>(sorted);

    const ReadFile file = config::read_settings_file(arguments.config_file, environment);
    if (!file && file.error().code == config::Errc::disk_failed)
        return Exit{ExitCode::storage, fmt::format("miner: {}\n", file.error().message()), true};
    Complaints complaints = arguments.complaints;
    complain_of_left_over(arguments, complaints);
    CommandLine line;
    line.command = arguments.command;
    line.loaded = load_settings(file, arguments, environment, complaints);
    switch (line.command) {
        case Command::generate:
            line.generate = read_generate(arguments, line.loaded, complaints);
            break;
        case Command::stats:
        case Command::tune:
            line.stats = read_stats(arguments, now, complaints);
            break;
        case Command::check:
            line.check = {arguments.quick, arguments.json};
            break;
        case Command::wallet:
            line.wallet = {arguments.json};
            break;
        case Command::batch:
            line.batch = read_batch(arguments, line.loaded, complaints);
            break;
        case Command::convert:
            line.convert = read_convert(arguments, complaints);
            break;
        case Command::inspect:
            line.inspect = read_inspect(arguments, complaints);
            break;
        case Command::render:
            line.render = read_render(arguments, complaints);
            break;
        case Command::score:
            line.score = read_score(arguments, complaints);
            break;
        case Command::weights:
            line.weights = read_weights(arguments, complaints);
            break;
        case Command::bench:
            line.bench = read_bench(arguments, complaints);
            break;
        case Command::config:
            line.config = read_config(arguments, complaints);
            break;
        case Command::backup:
        case Command::restore:
            line.copy = arguments.file.value_or("");
            if (line.copy.empty()) complaints.push_back("FILE: which one? Name the copy");
            break;
        case Command::completion:
            line.completion = arguments.shell.value_or("");
            if (!arguments.shell)
                complaints.push_back("SHELL: which one? Name bash, zsh, fish or man");
            break;
        case Command::rehearse:
            line.rehearse = {arguments.json};
            break;
        case Command::version:
            line.version = {arguments.json};
            break;
        case Command::run:
        case Command::top:
        case Command::serve:
            break;
    }
    if (complaints.empty()) complaints = missing_home(line, environment);
    if (!complaints.empty()) return refuse(complaints);
    if (line.command != Command::config) {
        auto& settings = line.loaded.settings;
        settings.generator.model = config::model_folder(settings, environment);
        settings.score.model = config::scorer_folder(settings, environment);
    }
    return line;
}

}  // namespace miner

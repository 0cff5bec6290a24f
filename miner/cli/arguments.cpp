#include "miner/cli/arguments.hpp"

#include "config/escape.hpp"
#include "config/keys.hpp"
#include "config/veil.hpp"
#include "config/version.hpp"
#include "miner/cli/plain_words.hpp"
#include "miner/cli/short_help.hpp"
#include "miner/cli/verbs.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>

namespace miner {
namespace {

bool is_bool(const config::Key& key) { return config::type_of(key) == "true or false"; }
bool is_list(const config::Key& key) { return config::type_of(key).starts_with("list"); }

// The grammar of it all, in CLI11's terms. Every value stays text here; the table of settings
// judges it.
class Grammar {
public:
    Grammar() {
        app_.set_version_flag("--version", fmt::format("miner {}", config::version_and_commit()),
                              "Show the version");
        app_.set_help_flag("-h,--help", "Show this help; after a command, that command's");
        app_.require_subcommand(0, 1);
        app_.allow_extras();
        app_.formatter(std::make_shared<ShortHelp>());
        app_.get_formatter()->column_width(32);
        app_.footer(
            "Every setting is a flag, a variable and a line of the settings file: see miner config "
            "--print.\n"
            "Exit codes: see miner run --help.");
        app_.add_option("--config", config_file_, "Settings file")->type_name("FILE");
        add_settings();
        for (const Verb& verb : kVerbs) {
            CLI::App* command = app_.add_subcommand(verb.name, verb.doc);
            command->fallthrough();
            command->footer(
                fmt::format("Every setting's flag may follow too.\nExample: {}", verb.example));
            commands_.push_back(command);
        }
        add_exit_codes(*of(Command::run));
        add_rehearse(*of(Command::rehearse));
        add_generate(*of(Command::generate));
        add_batch(*of(Command::batch));
        add_stats(*of(Command::stats));
        add_tune(*of(Command::tune));
        add_check(*of(Command::check));
        add_wallet(*of(Command::wallet));
        add_convert(*of(Command::convert));
        add_inspect(*of(Command::inspect));
        add_render(*of(Command::render));
        add_score(*of(Command::score));
        add_weights(*of(Command::weights));
        add_bench(*of(Command::bench));
        add_config(*of(Command::config));
        of(Command::version)->add_flag("--json", arguments_.json, "Print JSON");
        for (const auto command : {Command::backup, Command::restore})
            text(*of(command), "file", arguments_.file, "FILE", "The copy, a file");
        choice(*of(Command::completion), "shell", arguments_.shell, "bash|zsh|fish|man",
               "The shell, or man for the manual page");
    }

    // May throw CLI::ParseError.
    Arguments parse(std::vector<std::string> words) {
        std::reverse(words.begin(), words.end());  // as CLI11 takes them
        app_.parse(std::move(words));
        for (std::size_t i = 0; i < commands_.size(); ++i) {
            if (!commands_[i]->parsed()) continue;
            arguments_.command = kVerbs[i].command;
            arguments_.command_named = true;
        }
        for (const Bound& bound : bound_) {
            if (bound.option->count() == 0) continue;
            arguments_.settings.push_back({bound.key, bound.flag, bound.option->results()});
        }
        for (const auto& [option, target] : texts_) {
            if (option->count() > 0) *target = option->results().back();
        }
        for (const auto& [option, choices] : choices_) {
            if (option->count() == 0) continue;
            std::string given = option->results().back();
            if (choices(given).empty()) continue;
            arguments_.complaints.push_back(fmt::format("{}: {} is none of {}", option->get_name(),
                                                        config::quoted(given, 80),
                                                        choices.get_description()));
        }
        if (app_.count("--config") > 0) arguments_.config_file = config_file_;
        arguments_.left_over = app_.remaining(true);
        return std::move(arguments_);
    }

    std::string help() const {
        std::string text = app_.help();
        for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
        return text;
    }

    std::vector<CommandManual> manual() const {
        std::vector<CommandManual> all;
        for (const Verb& verb : kVerbs) {
            CommandManual one{verb.name, verb.doc, verb.example, {}};
            for (const CLI::Option* option : of(verb.command)->get_options()) {
                const bool operand = option->get_positional();
                if (!operand && option->check_lname("help")) continue;
                const bool takes = option->get_items_expected_max() > 0;
                one.flags.push_back(
                    {operand ? option->get_type_name() : option->get_name(false, true),
                     takes && !operand ? option->get_type_name() : "", option->get_description(),
                     operand});
            }
            all.push_back(std::move(one));
        }
        return all;
    }

    std::vector<std::string> flags(Command command) const {
        std::vector<std::string> names{"--help", "--version", "--config"};
        for (const config::Key& key : config::keys()) names.push_back(config::flag_of(key));
        for (const CLI::Option* option : of(command)->get_options()) {
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        }
        return names;
    }

private:
    struct Bound {
        CLI::Option* option;
        std::string key, flag;
    };

    CLI::App* of(Command command) const {
        for (std::size_t i = 0; i < kVerbs.size(); ++i) {
            if (kVerbs[i].command == command) return commands_[i];
        }
        return nullptr;
    }

    void add_settings() {
        for (const config::Key& key : config::keys()) {
            bind(app_, config::flag_of(key), key, std::string(key.doc))->group(kUnlisted);
        }
        for (const auto& [key, doc] : kPopular) {
            app_.get_option("--" + std::string(key))
                ->description(doc ? doc : config::expectation_of(*config::find_key(key)))
                ->group("Options");
        }
    }

    // A flag that sets `key`: the key's own, or a short form of a command.
    CLI::Option* bind(CLI::App& app, const std::string& flag, const config::Key& key,
                      const std::string& doc) {
        CLI::Option* option = is_bool(key) ? app.add_flag(flag, doc) : app.add_option(flag);
        option->description(doc);
        if (is_list(key)) {
            option->expected(1, CLI::detail::expected_max_vector_size)
                ->allow_extra_args()
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        } else {
            // A script's wrapper may repeat a flag to overrule it.
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        }
        if (!is_bool(key))
            option->type_name(config::type_of(key).ends_with("number") ? "N" : "TEXT");
        bound_.push_back({option, std::string(key.name), flag});
        return option;
    }

    void shorthand(CLI::App& app, const std::string& flag, std::string_view key,
                   const std::string& doc) {
        bind(app, flag, *config::find_key(key), doc);
    }

    CLI::Option* text(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                      const std::string& type, const std::string& doc) {
        CLI::Option* option = app.add_option(name);
        option->description(doc)->type_name(type)->multi_option_policy(
            CLI::MultiOptionPolicy::TakeLast);
        texts_.emplace_back(option, &target);
        return option;
    }

    // `choices`: "y|trellis". Looked at when all is sorted: an option's own check would end the
    // parse at the first fault, and all faults are told at once.
    void choice(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                const std::string& choices, const std::string& doc) {
        choices_.emplace_back(text(app, name, target, choices, doc),
                              CLI::IsMember(CLI::detail::split(choices, '|')));
    }

    static void add_exit_codes(CLI::App& app) {
        std::string footer = app.get_footer() + "\n\nExit codes:";
        for (const auto& [code, meaning] : exit_codes())
            footer += fmt::format("\n  {:>3}  {}", int(code), meaning);
        app.footer(footer);
    }

    void add_rehearse(CLI::App& app) {
        shorthand(app, "--tasks", "rehearse.tasks", "Tasks to hand out");
        shorthand(app, "--pictures", "rehearse.pictures",
                  "Folder with pictures instead of the embedded ones");
        const auto& faults = config::find_key("rehearse.faults")->choices;
        shorthand(app, "--faults", "rehearse.faults",
                  fmt::format("Any of {}", fmt::join(faults, ", ")));
        shorthand(app, "--seed", "rehearse.seed", "Seed of the generation: the same results again");
        app.add_flag("--json", arguments_.json,
                     "Print the report as JSON, everything else on standard error");
    }

    void add_generate(CLI::App& app) {
        app.add_option(
               "pictures", arguments_.pictures,
               "PNG, JPEG, WebP, GIF, BMP or TIFF; -: from standard input; several of one object")
            ->type_name("PICTURE");
        choice(app, "--several", arguments_.several, "stochastic|averaged",
               "Of several pictures: each step one in turn (default), or the mean of all");
        text(app, "--prompt", arguments_.prompt, "WORDS", "What to make, instead of a picture");
        app.add_option("-o,--output", arguments_.outputs,
                       "Where to write, .spz, .glb or .ply; may be repeated")
            ->type_name("FILE")
            ->allow_extra_args(false);
        add_spz(app);
        add_seed_and_up(app);
        app.add_flag("--json", arguments_.json, "Print what was made as JSON");
    }

    void add_batch(CLI::App& app) {
        text(app, "input", arguments_.file, "FILE",
             "Folder of pictures, list (a picture or a prompt a line) or CSV (picture, prompt)");
        app.add_option("-o,--output", arguments_.outputs, "Folder of splats and manifest")
            ->type_name("FILE")
            ->allow_extra_args(false);
        choice(app, "--format", arguments_.format, "spz|ply|glb", "Of the splats (default spz)");
        add_spz(app);
        add_seed_and_up(app);
        app.add_flag("--previews", arguments_.previews, "Draw a picture of each, too");
        app.add_flag("--start-over", arguments_.start_over,
                     "Make everything anew, whatever is there");
    }

    void add_seed_and_up(CLI::App& app) {
        shorthand(app, "--seed", "generator.seed", "The same seed gives the same splats");
        choice(app, "--up", arguments_.up, "y|trellis",
               "Default: trellis for PLY, y for the others");
    }

    // Which tasks, of which database.
    void add_span(CLI::App& app, const char* last) {
        text(app, "--last", arguments_.last, "N", last);
        text(app, "--since", arguments_.since, "SPAN",
             "90m, 24h, 7d, 2w ago, or 2026-11-23[T14:00] in UTC");
        text(app, "--until", arguments_.until, "T", "As --since");
        text(app, "--hotkey", arguments_.hotkey, "SS58|NAME",
             "One of our hotkeys instead of all, by address or by its name in the wallet");
        text(app, "--db", arguments_.database, "FILE",
             "Database instead of the one in storage.path");
    }

    void add_stats(CLI::App& app) {
        add_span(app, "The newest N generations; 0: all (default 100)");
        choice(app, "--by", arguments_.by, "validator|hotkey|kind|route|day",
               "Each on its own line");
        app.add_flag("--watch", arguments_.watch, "Keep it on the screen, up to date; q ends it");
        app.add_flag("--json", arguments_.json, "Print JSON");
        app.add_flag("--csv", arguments_.csv, "Print CSV");
    }

    void add_tune(CLI::App& app) {
        add_span(app, "The newest N generations (default all, 20000 at most)");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_check(CLI::App& app) {
        app.add_flag("--quick", arguments_.quick, "Without loading the model and trying it");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_wallet(CLI::App& app) {
        choice(app, "verb", arguments_.verb, "show", "What to do (show when nothing is named)");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_bench(CLI::App& app) {
        text(app, "--model", arguments_.model, "NAME",
             "trellis-image-large (default), trellis-text-base, -large, -xlarge, or "
             "validator-scorer");
        app.add_flag("--random", arguments_.random, "With random weights; nothing is downloaded");
        text(app, "--voxels", arguments_.voxels, "N",
             "Of the hollow balls that stand in for objects, a tenth more or less (10000)");
        text(app, "--steps", arguments_.steps, "N", "Of each flow (12)");
        text(
            app, "--runs", arguments_.runs, "N",
            "Generations, each of a shape not seen before and once more of it (10 on a GPU, 1 on a "
            "CPU); of validator-scorer: candidates (20, 1); with --candidates: tasks (3, 1)");
        text(app, "--candidates", arguments_.candidates, "SECONDS",
             "Candidates instead: how many are made in so long, and scored as validators do");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_spz(CLI::App& app) {
        choice(
            app, "--spz", arguments_.spz, "niantic|niantic-3|subnet",
            "Which .spz: Niantic's of version 2, which viewers read (default), of version 3, whose "
            "rotations are finer, or what validators read");
    }

    void add_convert(CLI::App& app) {
        text(app, "in", arguments_.file, "IN", "PLY, SPZ of any kind or GLB; -: standard input");
        text(app, "out", arguments_.to, "OUT", "Where to write, .spz, .glb or .ply");
        add_spz(app);
        choice(app, "--axes", arguments_.axes, "turn|keep",
               "Whether it is turned so that up is where such files have it (default)");
        app.add_flag("--json", arguments_.json, "Print what was written as JSON");
    }

    void add_inspect(CLI::App& app) {
        text(app, "file", arguments_.file, "FILE",
             "PLY, SPZ (the subnet's or Niantic's) or GLB; -: from standard input");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_render(CLI::App& app) {
        text(app, "file", arguments_.file, "FILE", "PLY, SPZ or GLB; -: from standard input");
        app.add_option("-o,--output", arguments_.outputs, "Where to write the picture, .png")
            ->type_name("FILE")
            ->allow_extra_args(false);
        choice(app, "--views", arguments_.views, "1|4|16",
               "1: a validator's preview (default); 4: what its duels compare; 16: all it scores");
        text(app, "--turntable", arguments_.turntable, "FILE",
             "Where to write an animation once around, .webp");
        text(app, "--size", arguments_.side, "N",
             "Pixels on each side of a view, 16 to 1024 (default 518, the validator's)");
        choice(app, "--up", arguments_.up, "y|trellis",
               "y: as the validator takes it (default); trellis: upright if TRELLIS wrote it");
        shorthand(app, "--device", "generator.device",
                  "cpu (default), or where the program was built with CUDA cuda or cuda:N");
        app.add_flag("--json", arguments_.json, "Print what was rendered as JSON");
    }

    void add_score(CLI::App& app) {
        app.add_option("files", arguments_.files, "PLY or SPZ; -: from standard input")
            ->type_name("FILE");
        text(app, "--prompt", arguments_.prompt, "WORDS", "What the splats should show, in words");
        text(app, "--picture", arguments_.picture, "FILE",
             "What they should show, as a picture; -: from standard input");
        text(app, "--views", arguments_.views_folder, "DIR",
             "Folder for the pictures that are scored, as PNG; of several files a folder each");
        app.add_flag("--json", arguments_.json, "Print JSON");
    }

    void add_weights(CLI::App& app) {
        choice(app, "action", arguments_.action, "list|fetch|verify",
               "list: what there is (default); fetch: bring it; verify: read it all again");
        app.add_option("names", arguments_.names, "Models by name; verify takes folders too")
            ->type_name("NAME");
        text(app, "--revision", arguments_.revision, "REV",
             "Branch, tag or commit of the repository (default main)");
        text(app, "--part", arguments_.part, "LIST",
             "Of validator-scorer: some of quality,text,picture,lpips (default all)");
        shorthand(app, "--offline", "weights.offline", "Never use the network");
        app.add_flag("--json", arguments_.json, "Print JSON, of list and verify");
    }

    void add_config(CLI::App& app) {
        app.add_flag("--print")->description(
            "Print every setting with value, origin and meaning (what it does anyway)");
        app.add_flag("--json", arguments_.json, "Print JSON");
        app.add_flag("--markdown", arguments_.markdown, "Print the page about settings");
        app.add_flag("--toml", arguments_.toml, "Print a settings file, every key commented out");
    }

    CLI::App app_{"Mines Bittensor's 3D subnet: pictures or prompts in, Gaussian splats out.",
                  "miner"};
    std::vector<CLI::App*> commands_;  // as kVerbs
    std::vector<Bound> bound_;
    std::vector<std::pair<CLI::Option*, std::optional<std::string>*>> texts_;
    std::vector<std::pair<CLI::Option*, CLI::IsMember>> choices_;
    std::string config_file_;
    Arguments arguments_;
};

}  // namespace

std::vector<std::string> Arguments::commands() {
    std::vector<std::string> names;
    for (const Verb& verb : kVerbs) names.emplace_back(verb.name);
    return names;
}

std::vector<CommandManual> Arguments::manual() { return Grammar().manual(); }

std::vector<std::string> Arguments::flags(Command command) { return Grammar().flags(command); }

std::variant<Arguments, Exit> sort_arguments(int argc, const char* const* argv) {
    Grammar grammar;
    try {
        return grammar.parse(plain_words(argc, argv));
    } catch (const CLI::CallForHelp&) {
        return Exit{ExitCode::ok, grammar.help(), false};
    } catch (const CLI::CallForVersion&) {
        return Exit{ExitCode::ok, fmt::format("miner {}\n", config::version_and_commit()), false};
    } catch (const CLI::ArgumentMismatch& e) {
        const std::string_view what = e.what();  // "--netuid: 1 required N missing"
        return Exit{ExitCode::usage,
                    fmt::format("miner: {}: its value is missing\nSee miner --help, and miner "
                                "config --print for all settings.\n",
                                what.substr(0, what.find(':'))),
                    true};
    } catch (const CLI::ParseError& e) {
        return Exit{ExitCode::usage,
                    fmt::format("miner: {}\nSee miner --help.\n", config::veiled(e.what())), true};
    }
}

}  // namespace miner

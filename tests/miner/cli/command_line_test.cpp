#include "miner/cli/command_line.hpp"

#include "config/keys.hpp"
#include "config/version.hpp"
#include "tests/support/paths.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>
#include <sstream>

using namespace miner;

namespace {

// 2026-11-23 14:00 UTC
const auto kNow = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'442'400));
constexpr std::int64_t kNowMs = 1'795'442'400'000;

const config::Environment kHome{{"HOME", "/home/ann"}};

std::variant<CommandLine, Exit> parse_words(std::initializer_list<const char*> words,
                                            const config::Environment& environment = kHome) {
    std::vector<const char*> argv{"miner"};
    argv.insert(argv.end(), words);
    return parse(int(argv.size()), argv.data(), environment, kNow);
}

CommandLine good(std::initializer_list<const char*> words,
                 const config::Environment& environment = kHome) {
    auto result = parse_words(words, environment);
    if (const auto* over = std::get_if<Exit>(&result)) FAIL(over->text);
    return std::get<CommandLine>(std::move(result));
}

Exit over(std::initializer_list<const char*> words,
          const config::Environment& environment = kHome) {
    auto result = parse_words(words, environment);
    REQUIRE(std::holds_alternative<Exit>(result));
    return std::get<Exit>(std::move(result));
}

// What is wrong with the words; they must be refused as usage.
std::string refused(std::initializer_list<const char*> words,
                    const config::Environment& environment = kHome) {
    const Exit exit = over(words, environment);
    CHECK(exit.code == ExitCode::usage);
    CHECK(exit.to_stderr);
    CHECK(exit.text.ends_with('\n'));
    return exit.text;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("without a command the miner runs") {
    CHECK(good({}).command == Command::run);
    CHECK(good({"--netuid", "17"}).command == Command::run);
    CHECK(good({"run"}).command == Command::run);
}

TEST_CASE("settings may stand before and after any command") {
    for (const char* command : {"run", "rehearse", "stats", "config", "version"}) {
        INFO(command);
        CHECK(good({command, "--storage.path", "/x"}).loaded.settings.storage.path == "/x");
        CHECK(good({"--storage.path", "/x", command}).loaded.settings.storage.path == "/x");
        CHECK(good({"--storage.path=/x", command, "--gate.attempts=3"})
                  .loaded.settings.gate.attempts == 3);
    }
    const auto line = good({"--gate.attempts", "3", "inspect", "--log.level", "trace", "a.ply"});
    CHECK(line.inspect.file == "a.ply");
    CHECK(line.loaded.settings.gate.attempts == 3);
    CHECK(line.loaded.settings.log.level == "trace");
    CHECK(line.loaded.origin.at("log.level").text() == "flag --log.level");
}

TEST_CASE("every key of the table is a flag") {
    for (const config::Key& key : config::keys()) {
        INFO(key.name);
        const std::string flag = config::flag_of(key);
        std::string value = config::value_of(key, {});
        std::erase_if(value, [](char c) { return c == '"' || c == '[' || c == ']' || c == ' '; });
        const auto line = good({"run", (flag + '=' + value).c_str()});
        CHECK(line.loaded.origin.at(std::string(key.name)).kind == config::Origin::Kind::flag);
    }
}

TEST_CASE(
    "a flag that is true or false needs no value, takes one, and never eats a word that is none") {
    CHECK(good({"--logging.debug"}).loaded.settings.debug);
    CHECK(good({"--log.json", "stats"}).command == Command::stats);
    CHECK(good({"generate", "--log.json", "a.png", "-o", "a.spz"}).generate.pictures ==
          std::vector<std::string>{"a.png"});
    CHECK_FALSE(good({"--export.centre", "false"}).loaded.settings.export_.centre);
    CHECK_FALSE(good({"run", "--export.centre=off"}).loaded.settings.export_.centre);
    CHECK(good({"--log.json", "true", "run"}).loaded.settings.log.json);
    CHECK(has(refused({"--log.json=maybe"}), "neither true nor false"));
}

TEST_CASE("a list takes several values, repeated, together or with commas") {
    using Faults = std::vector<std::string>;
    CHECK(good({"--rehearse.faults", "slow", "drop", "run"}).loaded.settings.rehearse.faults ==
          Faults{"slow", "drop"});
    CHECK(good({"rehearse", "--faults", "slow,drop"}).loaded.settings.rehearse.faults ==
          Faults{"slow", "drop"});
    CHECK(good({"--rehearse.faults", "slow", "--rehearse.faults", "drop"})
              .loaded.settings.rehearse.faults == Faults{"slow", "drop"});
    CHECK(good({"rehearse", "--enhance.standard="}).loaded.settings.enhance.standard.empty());
}

TEST_CASE("negative numbers are values, not flags") {
    CHECK(good({"--generator.seed", "-1"}).loaded.settings.generator.seed == -1);
    CHECK(good({"run", "--export.margin", "-0.5"}).loaded.settings.export_.margin == -0.5);
}

TEST_CASE("the last of a repeated flag counts") {
    CHECK(good({"--netuid", "17", "run", "--netuid", "220"}).loaded.settings.netuid == 220);
}

TEST_CASE("rehearse prints JSON when it is asked to") {
    CHECK(good({"rehearse", "--json"}).rehearse.json);
    CHECK_FALSE(good({"rehearse"}).rehearse.json);
}

TEST_CASE("rehearse has short forms of its settings") {
    const auto line = good(
        {"rehearse", "--tasks", "5", "--pictures", "/p", "--faults", "timeout", "--seed", "9"});
    const config::Rehearse& rehearse = line.loaded.settings.rehearse;
    CHECK(line.command == Command::rehearse);
    CHECK(rehearse.tasks == 5);
    CHECK(rehearse.pictures == "/p");
    CHECK(rehearse.faults == std::vector<std::string>{"timeout"});
    CHECK(rehearse.seed == 9);
    CHECK(line.loaded.origin.at("rehearse.tasks").text() == "flag --tasks");
    CHECK(has(refused({"rehearse", "--tasks", "0"}), "rehearse.tasks (--tasks): 0 is too small"));
}

TEST_CASE("generate takes a picture and any number of outputs, whose endings say the format") {
    const auto line =
        good({"generate", "a.png", "-o", "a.spz", "-o", "A.PLY", "--seed", "7", "--json"});
    REQUIRE(line.generate.outputs.size() == 2);
    CHECK(line.generate.pictures == std::vector<std::string>{"a.png"});
    CHECK(line.generate.outputs[0].encoding == Encoding::spz);
    CHECK(line.generate.outputs[0].up == "y");
    CHECK(line.generate.outputs[1].encoding == Encoding::ply);
    CHECK(line.generate.outputs[1].up == "trellis");
    CHECK(line.generate.json);
    CHECK(line.loaded.settings.generator.seed == 7);
    CHECK(good({"generate", "-", "-o", "a.spz"}).generate.pictures ==
          std::vector<std::string>{"-"});
    CHECK(good({"generate", "-o", "a.spz", "run"}).generate.pictures ==
          std::vector<std::string>{"run"});
    CHECK(good({"generate", "-o", "a.spz", "--", "-odd.png"}).generate.pictures ==
          std::vector<std::string>{"-odd.png"});
}

TEST_CASE("generate takes a picture or a prompt") {
    const auto line = good({"generate", "--prompt", "a red chair", "-o", "a.spz"});
    CHECK(line.generate.prompt == "a red chair");
    CHECK(line.generate.pictures.empty());
    CHECK(good({"generate", "--prompt", "", "-o", "a.spz"}).generate.prompt == "");
    CHECK_FALSE(good({"generate", "a.png", "-o", "a.spz"}).generate.prompt.has_value());
    CHECK(has(refused({"generate", "a.png", "--prompt", "a red chair", "-o", "a.spz"}),
              "--prompt: give either a picture or a prompt"));
}

TEST_CASE("generate takes several pictures of one object") {
    const auto line = good({"generate", "a.png", "b.png", "-o", "a.spz", "--several", "averaged"});
    CHECK(line.generate.pictures == std::vector<std::string>{"a.png", "b.png"});
    CHECK(line.generate.several == "averaged");
    CHECK(good({"generate", "a.png", "-o", "a.spz"}).generate.several == "stochastic");
    CHECK(has(refused({"generate", "a.png", "-o", "a.spz", "--several", "all"}),
              "--several: \"all\""));
    CHECK(has(refused({"generate", "-", "-", "-o", "a.spz"}), "standard input"));
    CHECK(has(refused({"generate", "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
                       "10",       "11", "12", "13", "14", "15", "16", "17", "-o", "a.spz"}),
              "17 are too many"));
}

TEST_CASE("generate --up counts for every output, export.up for SPZ alone") {
    const auto both = good({"generate", "a.png", "-o", "a.spz", "-o", "a.ply", "--up", "y"});
    CHECK(both.generate.outputs[0].up == "y");
    CHECK(both.generate.outputs[1].up == "y");
    const auto set = good({"generate", "a.png", "-o", "a.spz", "--export.up", "trellis"});
    CHECK(set.generate.outputs[0].up == "trellis");
}

TEST_CASE("generate says at once all that is missing or wrong") {
    const std::string text = refused({"generate", "--up", "x", "--seed", "-2", "-o", "a.obj"});
    CHECK(has(text, "4 things are wrong"));
    CHECK(has(text, "PICTURE"));
    CHECK(has(text, "--up: \"x\""));
    CHECK(has(text, "generator.seed (--seed): -2 is too small"));
    CHECK(has(text, "\"a.obj\" says no format"));
    CHECK(has(refused({"generate", "a.png"}), "--output: where to?"));
    CHECK(has(refused({"generate", "a.png", "-o", ".spz"}), "says no format"));
}

TEST_CASE("stats takes spans and dates") {
    CHECK_FALSE(good({"stats"}).stats.last);
    CHECK(good({"stats", "--last", "0"}).stats.last == 0);
    CHECK(good({"stats", "--since", "90m"}).stats.since_ms == kNowMs - 90 * 60'000);
    CHECK(good({"stats", "--since", "7d"}).stats.since_ms == kNowMs - 7 * 86'400'000LL);
    CHECK(good({"stats", "--since", "2w"}).stats.since_ms == kNowMs - 14 * 86'400'000LL);
    CHECK(good({"stats", "--since", "2026-11-23"}).stats.since_ms == kNowMs - 14 * 3'600'000LL);
    CHECK(good({"stats", "--until", "2026-11-23T14:00"}).stats.until_ms == kNowMs);
    CHECK(good({"stats", "--until", "2026-11-23 14:00:01Z"}).stats.until_ms == kNowMs + 1'000);
    CHECK(good({"stats", "--until", "2024-02-29"}).stats.until_ms == 1'709'164'800'000);
    const auto wrong =
        GENERATE("", "7", "d", "-7d", "7y", "9223372036854775807w", "2026-02-29", "2026-13-01",
                 "2026-11-23T24:00", "2026-11-23T", "26-11-23", "yesterday");
    CHECK(has(refused({"stats", "--since", wrong}), "is no time: give a span such as"));
    CHECK(has(refused({"stats", "--since", "1h", "--until", "2h"}),
              "--since: it is later than --until"));
}

TEST_CASE("stats groups, filters and formats") {
    using By = StatsOptions::By;
    using Form = StatsOptions::Form;
    CHECK(good({"stats", "--by", "validator"}).stats.by == By::validator);
    CHECK(good({"stats", "--by", "hotkey"}).stats.by == By::hotkey);
    CHECK(good({"stats", "--by", "route"}).stats.by == By::route);
    CHECK(good({"stats", "--by", "day", "--csv"}).stats.form == Form::csv);
    CHECK(good({"stats", "--json"}).stats.form == Form::json);
    CHECK(good({"stats", "--db", "x.sqlite"}).stats.database == "x.sqlite");
    const char* hotkey = "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2B";
    CHECK(good({"stats", "--hotkey", hotkey}).stats.hotkey == hotkey);
    CHECK(good({"stats", "--hotkey", "hot"}).stats.hotkey == "hot");
    CHECK(has(refused({"stats", "--hotkey", "5E7eSeRr2aHzCV7SkY4a2Pi5NXHrU4anZz3phEQgn4HCen2C"}),
              "--hotkey"));
    CHECK(has(refused({"stats", "--by", "hour"}), "validator, hotkey, kind, route or day"));
    CHECK(has(refused({"stats", "--json", "--csv"}), "either --json or --csv"));
    CHECK(has(refused({"stats", "--last", "-3"}), "--last"));
    CHECK(has(refused({"stats", "--last", "many"}), "--last: \"many\" is no count"));
}

TEST_CASE("inspect and config have their options") {
    CHECK(good({"inspect", "a.spz", "--json"}).inspect.json);
    CHECK(has(refused({"inspect"}), "FILE: which one?"));
    using Form = ConfigOptions::Form;
    CHECK(good({"config", "--print"}).config.form == Form::text);
    CHECK(good({"config"}).config.form == Form::text);
    CHECK(good({"config", "--print", "--json"}).config.form == Form::json);
    CHECK(good({"config", "--markdown"}).config.form == Form::markdown);
    CHECK(has(refused({"config", "--json", "--markdown"}), "either"));
}

TEST_CASE("render takes a file, a picture or a turntable, and how to look") {
    const auto render = good({"render", "a.spz", "-o", "b.png"}).render;
    CHECK(render.file == "a.spz");
    CHECK(render.picture == "b.png");
    CHECK(render.turntable.empty());
    CHECK(render.views == 1);
    CHECK(render.side == 518);
    CHECK_FALSE(render.from_trellis);
    const auto all = good({"render", "-", "--turntable", "c.WebP", "--views", "16", "--size",
                           "1024", "--up", "trellis", "--json"})
                         .render;
    CHECK(all.file == "-");
    CHECK(all.picture.empty());
    CHECK(all.turntable == "c.WebP");
    CHECK(all.views == 16);
    CHECK(all.side == 1024);
    CHECK(all.from_trellis);
    CHECK(all.json);
    CHECK(good({"render", "a.spz", "-o", "b.png", "--device", "cuda:1"})
              .loaded.settings.generator.device == "cuda:1");
    CHECK(has(refused({"render", "-o", "b.png"}), "FILE: which one?"));
    CHECK(has(refused({"render", "a.spz"}), "--output: where to?"));
    CHECK(has(refused({"render", "a.spz", "-o", "b.jpg"}), "\"b.jpg\" does not end in .png"));
    CHECK(has(refused({"render", "a.spz", "-o", "b.png", "-o", "c.png"}), "one picture"));
    CHECK(has(refused({"render", "a.spz", "--turntable", "b.gif"}), "does not end in .webp"));
    for (const char* views : {"0", "2", "17", "four", "4 "}) {
        CHECK(has(refused({"render", "a.spz", "-o", "b.png", "--views", views}), "--views"));
    }
    for (const char* side : {"15", "1025", "-518", "99999999999", "wide"}) {
        CHECK(has(refused({"render", "a.spz", "-o", "b.png", "--size", side}), "--size"));
    }
    CHECK(has(refused({"render", "a.spz", "-o", "b.png", "--up", "z"}), "--up"));
}

TEST_CASE("all that is wrong anywhere is listed at once") {
    const std::string text =
        refused({"run", "--netuid", "70000", "--gate.atempts", "3", "--export.up", "down"},
                {{"MINER_RUN_GRACE", "soon"}, {"MINER_CONFIG", "/nowhere/miner.toml"}});
    CHECK(has(text, "5 things are wrong"));
    CHECK(has(text, "--netuid: 70000 is too large"));
    CHECK(has(text, "--gate.atempts: no such flag; did you mean --gate.attempts?"));
    CHECK(has(text, "--export.up: \"down\" is not among the choices"));
    CHECK(has(text, "run.grace (MINER_RUN_GRACE)"));
    CHECK(has(text, "/nowhere/miner.toml"));
}

TEST_CASE("an unknown word gets the nearest known one") {
    CHECK(has(refused({"reherse"}), "\"reherse\": no such command; did you mean rehearse?"));
    CHECK(has(refused({"mine", "everything"}), "no such command"));
    CHECK(has(refused({"--netiud", "17"}), "did you mean --netuid?"));
    CHECK(has(refused({"stats", "--snce", "7d"}), "did you mean --since?"));
    CHECK(has(refused({"stats", "extra"}), "\"extra\": nothing can be done with it here"));
    CHECK(has(refused({"--nonsense=\x1b[2J"}), "--nonsense: no such flag"));
    CHECK(has(refused({"-x"}), "-x: no such flag"));
    CHECK_FALSE(has(refused({"--\x1b[2Jnetuid"}), "\x1b"));
}

TEST_CASE("a flag without its value is refused") {
    CHECK(has(refused({"--netuid"}), "--netuid: its value is missing"));
    CHECK(has(refused({"run", "--gate.attempts"}), "--gate.attempts: its value is missing"));
    CHECK(good({"--storage.path=", "stats"}).command == Command::stats);
    CHECK(has(refused({"generate", "a.png", "-o"}), "-o"));
}

TEST_CASE("--config names the settings file, which beats the variable's") {
    const std::string path = tests::project_path("tests/miner/none.toml");
    const std::string text = refused({"--config", path.c_str()}, {{"MINER_CONFIG", "/other.toml"}});
    CHECK(has(text, path));
    CHECK_FALSE(has(text, "/other.toml"));
}

TEST_CASE("--version and --help end well, with text for standard output") {
    for (const Exit& exit : {over({"--version"}), over({"run", "--version"})}) {
        CHECK(exit.code == ExitCode::ok);
        CHECK_FALSE(exit.to_stderr);
        CHECK(exit.text == "miner " + config::version_and_commit() + "\n");
    }
    CHECK(good({"version"}).command == Command::version);
    CHECK(over({"--help"}).code == ExitCode::ok);
    CHECK(over({"-h"}).text == over({"--help"}).text);
}

TEST_CASE("the main help fits one screen and names every command") {
    const std::string text = over({"--help"}).text;
    INFO(text);
    std::istringstream lines(text);
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) CHECK(line.size() <= 100);
    CHECK(count <= 40);
    for (const char* name :
         {"run", "rehearse", "generate", "stats", "inspect", "render", "config", "version"}) {
        CHECK(has(text, std::string("\n  ") + name + " "));
    }
    CHECK(has(text, "--netuid"));
    CHECK(has(text, "miner config --print"));
    CHECK_FALSE(has(text, "--gate.attempts"));
}

TEST_CASE("every command's help has an example, and run's the exit codes") {
    for (const char* name :
         {"run", "rehearse", "generate", "stats", "inspect", "render", "config", "version"}) {
        const std::string text = over({name, "--help"}).text;
        INFO(text);
        CHECK(has(text, std::string("Example: miner ") + name));
    }
    const std::string text = over({"run", "--help"}).text;
    for (const auto& [code, meaning] : exit_codes()) CHECK(has(text, meaning));
}

TEST_CASE("a wallet can be shown, and nothing else") {
    CHECK(good({"wallet", "show"}).command == miner::Command::wallet);
    CHECK(good({"wallet", "show", "--json"}).wallet.json);
    CHECK_FALSE(good({"wallet"}).wallet.json);
    CHECK(has(refused({"wallet", "drain"}), "give show"));
}

TEST_CASE("every example of the help is understood") {
    for (const char* name :
         {"run", "rehearse", "generate", "stats", "inspect", "render", "config", "version"}) {
        const std::string text = over({name, "--help"}).text;
        const auto begin = text.find("Example: miner ") + std::string("Example: miner ").size();
        std::istringstream example(text.substr(begin, text.find('\n', begin) - begin));
        std::vector<std::string> words{"miner"};
        for (std::string word; example >> word;) words.push_back(word);
        std::vector<const char*> argv;
        for (const std::string& word : words) argv.push_back(word.c_str());
        INFO(name);
        CHECK(
            std::holds_alternative<CommandLine>(parse(int(argv.size()), argv.data(), kHome, kNow)));
    }
}

TEST_CASE("check is whole or quick") {
    CHECK(good({"check"}).command == miner::Command::check);
    CHECK_FALSE(good({"check"}).check.quick);
    CHECK(good({"check", "--quick", "--json"}).check.quick);
    CHECK(good({"check", "--quick", "--json"}).check.json);
}

TEST_CASE("weights are listed, fetched by name, and verified") {
    using Action = miner::WeightsOptions::Action;
    CHECK(good({"weights"}).weights.action == Action::list);
    CHECK(good({"weights", "list", "--json"}).weights.json);
    const auto fetch = good({"weights", "fetch", "trellis-image-large", "trellis-text-base",
                             "--revision", "v1", "--offline"});
    CHECK(fetch.weights.action == Action::fetch);
    CHECK(fetch.weights.names ==
          std::vector<std::string>{"trellis-image-large", "trellis-text-base"});
    CHECK(fetch.weights.revision == "v1");
    CHECK(fetch.loaded.settings.weights.offline);
    CHECK(good({"weights", "verify", "some/folder"}).weights.names.size() == 1);
    CHECK(has(refused({"weights", "fetch"}), "which model"));
    CHECK(has(refused({"weights", "fetch", "trellis-image-larg"}),
              "did you mean trellis-image-large?"));
    CHECK(has(refused({"weights", "burn"}), "list, fetch or verify"));
}

TEST_CASE("a copy and a shell must be named") {
    CHECK(good({"backup", "/x/copy.db"}).copy == "/x/copy.db");
    CHECK(good({"restore", "copy.db"}).copy == "copy.db");
    CHECK(has(refused({"backup"}), "Name the copy"));
    CHECK(good({"completion", "fish"}).completion == "fish");
    CHECK(has(refused({"completion"}), "bash, zsh, fish and man"));
    CHECK(good({"stats", "--watch"}).stats.watch);
    CHECK(has(refused({"stats", "--watch", "--json"}), "--watch"));
    CHECK(good({"serve"}).command == Command::serve);
    CHECK(good({"top"}).command == Command::top);
}

TEST_CASE("a bench takes random weights only, and sizes within limits") {
    const auto line = good({"bench", "--model", "trellis-image-large", "--random"});
    CHECK(line.bench.model == "trellis-image-large");
    CHECK(line.bench.steps == 12);
    CHECK_FALSE(line.bench.runs.has_value());
    CHECK(good({"bench", "--random", "--runs", "4"}).bench.runs == 4);
    CHECK(has(refused({"bench", "--random", "--runs", "0"}), "--runs"));
    CHECK(good({"bench", "--random", "--voxels", "500"}).bench.voxels == 500);
    CHECK(has(refused({"bench"}), "--random: needed"));
    CHECK(has(refused({"bench", "--random", "--steps", "0"}), "--steps"));
    CHECK(has(refused({"bench", "--random", "--voxels", "1000000"}), "give 1 to 100000"));
    CHECK(has(over({"bench", "--help"}).text, "Example: miner bench --model"));
}

TEST_CASE("without a home folder, whoever needs one is told which setting to give") {
    for (const char* command : {"run", "rehearse", "serve", "stats", "check", "top", "weights"}) {
        INFO(command);
        const auto text = refused({command}, {});
        CHECK(has(text, "storage.path"));
        CHECK(has(text, "HOME"));
    }
    CHECK(has(refused({"run"}, {}), "wallet.path"));
    CHECK(has(refused({"wallet"}, {}), "wallet.path"));
    CHECK_FALSE(has(refused({"rehearse"}, {}), "wallet.path"));
    CHECK(has(refused({"rehearse", "--storage.path", "~/mine"}, {}), "--storage.path"));
    CHECK(has(refused({"rehearse", "--log.file", "~/log", "--storage.path", "/x"}, {}),
              "--log.file"));
    // With a folder of its own, or nothing to look for in one, all is well.
    CHECK(good({"rehearse", "--storage.path", "/x"}, {}).command == Command::rehearse);
    CHECK(good({"rehearse"}, {{"XDG_DATA_HOME", "/data"}}).command == Command::rehearse);
    CHECK(good({"run", "--storage.path", "/x", "--wallet.path", "/w"}, {}).command == Command::run);
    CHECK(good({"stats", "--db", "/x/miner.db"}, {}).command == Command::stats);
    CHECK(good({"inspect", "a.ply"}, {}).command == Command::inspect);
    CHECK(good({"config"}, {}).command == Command::config);
}

TEST_CASE("a key in an address is not repeated where the command line is refused") {
    const char* url = "wss://node.example/v3/s3cretKey";
    CHECK_FALSE(has(refused({"check", url}), "s3cretKey"));
    CHECK_FALSE(has(refused({"--subtensor.network", "http://h/?k=s3cretKey"}), "s3cretKey"));
    CHECK_FALSE(has(refused({"--subtensor.chain_endpoint", url, url}), "s3cretKey"));
}

// What the user asked for: subcommand, its own options, and settings. Pure but for reading the
// settings file; prints nothing and never exits by itself.
#pragma once

#include "config/load.hpp"
#include "generator/splat/splat_file.hpp"
#include "miner/runtime/exit_code.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace miner {

enum class Command {
    run,
    serve,
    rehearse,
    generate,
    batch,
    check,
    stats,
    tune,
    top,
    wallet,
    convert,
    inspect,
    render,
    score,
    weights,
    backup,
    restore,
    completion,
    bench,
    config,
    version
};

// miner generate PICTURE... | --prompt "WORDS" -o OUT [-o OUT]...
// The seed is settings.generator.seed, which --seed sets.
struct GenerateOptions {
    struct Output {
        std::string path;
        generator::SplatFormat format = generator::SplatFormat::spz_niantic;
        // "y" or "trellis": --up, else trellis for PLY and y for the others (export.up if set).
        std::string up;
    };

    std::vector<std::string> pictures;   // paths; "-": standard input
    std::string several = "stochastic";  // or "averaged": how several are taken
    std::optional<std::string> prompt;   // instead of pictures
    std::vector<Output> outputs;
    bool json = false;
};

// miner batch INPUT -o FOLDER
// The seed of all is settings.generator.seed, which --seed sets.
struct BatchCommandOptions {
    std::string input;   // a folder, a list or a CSV
    std::string folder;  // of results
    generator::SplatFormat format = generator::SplatFormat::spz_niantic;
    std::string up;  // as GenerateOptions::Output
    bool previews = false;
    bool start_over = false;
};

// miner convert IN OUT
struct ConvertOptions {
    std::string in, out;  // paths; in may be "-", standard input
    generator::SplatFormat format = generator::SplatFormat::spz_niantic;
    bool keep_axes = false;  // else what has -y up, PLY, is turned where the other kind has +y up
    bool json = false;
};

// Of miner tune, too, which has no groups and is no table to watch.
struct StatsOptions {
    enum class By { none, validator, hotkey, kind, route, day };
    enum class Form { table, json, csv };

    std::optional<std::int64_t> last;  // --last; without it and without a span: the newest 100
    std::optional<std::int64_t> since_ms, until_ms;  // Unix milliseconds
    By by = By::none;                                // none: the whole, then every grouping
    std::string hotkey;                              // address or name; empty: all
    Form form = Form::table;
    bool watch = false;
    std::string database;  // --db; empty: the one in the storage folder
};

// Everything else of a rehearsal is settings.rehearse.
struct RehearseOptions {
    bool json = false;
};

struct VersionOptions {
    bool json = false;
};

struct CheckOptions {
    bool quick = false;  // without loading the model
    bool json = false;
};

// miner wallet show
struct WalletOptions {
    bool json = false;
};

struct InspectOptions {
    std::string file;
    bool json = false;
};

// miner render FILE -o OUT.png [--views 4] [--turntable OUT.webp]: one of the outputs at least.
struct RenderOptions {
    std::string file;       // "-": standard input
    std::string picture;    // empty: none
    std::string turntable;  // empty: none
    int views = 1;          // 1, 4 or 16
    int side = 518;         // pixels, of a view
    bool from_trellis = false;
    bool json = false;
};

// miner score FILE... --prompt WORDS | --picture FILE
struct ScoreOptions {
    std::vector<std::string> files;     // at least one; "-": standard input
    std::optional<std::string> prompt;  // else the picture
    std::string picture;                // a path; "-": standard input
    std::string views;                  // folder for the pictures; empty: they are not kept
    bool json = false;
};

// miner weights list | fetch NAME... | verify [NAME...]
struct WeightsOptions {
    enum class Action { list, fetch, verify };

    Action action = Action::list;
    std::vector<std::string> names;  // of published models; verify takes folders too
    std::string revision = "main";
    std::vector<std::string> parts;  // of the validator's scorer; empty: all
    bool json = false;
};

// miner bench --model NAME --random
struct BenchCommandOptions {
    std::string model;
    std::int64_t voxels = 10'000;
    int steps = 12;
    std::optional<int> runs;
    std::optional<int> candidates;  // seconds that a task's are made in; nothing: one by one
    bool json = false;
};

struct ConfigOptions {
    enum class Form { text, json, markdown, toml };

    Form form = Form::text;
};

struct CommandLine {
    Command command = Command::run;
    GenerateOptions generate;
    BatchCommandOptions batch;
    ConvertOptions convert;
    StatsOptions stats;
    RehearseOptions rehearse;
    VersionOptions version;
    CheckOptions check;
    WalletOptions wallet;
    InspectOptions inspect;
    RenderOptions render;
    ScoreOptions score;
    WeightsOptions weights;
    BenchCommandOptions bench;
    ConfigOptions config;
    std::string copy;        // of backup and restore
    std::string completion;  // "bash", "zsh", "fish" or "man"
    config::Loaded loaded;
};

// The program is over before it begins.
struct Exit {
    ExitCode code = ExitCode::ok;
    std::string text;  // ends with a newline
    bool to_stderr = false;
};

// --help and --version end with ok; wrong usage and wrong settings with usage and the list of all
// that is wrong. `now` is what --since and --until count from.
std::variant<CommandLine, Exit> parse(int argc, const char* const* argv,
                                      const config::Environment& environment,
                                      std::chrono::system_clock::time_point now);

}  // namespace miner

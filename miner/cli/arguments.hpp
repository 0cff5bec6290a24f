// The words of a command line, sorted by what they belong to, not yet looked into: command_line.hpp
// gives them meaning.
#pragma once

#include "config/load.hpp"
#include "miner/cli/command_line.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace miner {

// Every command with its flags, for manuals and shells that complete.
struct CommandManual {
    struct Flag {
        std::string names;  // "-o,--output"; of an operand its name, "PICTURE"
        std::string value;  // "FILE"; empty: takes none
        std::string doc;
        bool operand = false;
    };
    std::string name, doc, example;
    std::vector<Flag> flags;  // its own; every setting's flag may follow too
};

struct Arguments {
    Command command = Command::run;
    std::optional<std::string> config_file;  // --config
    // Every setting's flag that was given, and the short forms.
    std::vector<config::FlagValue> settings;
    std::optional<std::string> file;                   // inspect, render, batch and convert
    std::optional<std::string> to, axes;               // convert
    std::optional<std::string> spz;                    // generate, batch and convert
    std::optional<std::string> format;                 // batch
    std::vector<std::string> pictures;                 // generate
    std::optional<std::string> several;                // generate
    std::optional<std::string> verb;                   // wallet
    std::optional<std::string> shell;                  // completion
    std::optional<std::string> prompt;                 // generate and score
    std::vector<std::string> files;                    // score
    std::optional<std::string> picture, views_folder;  // score
    std::vector<std::string> outputs;                  // -o
    std::optional<std::string> up;                     // --up
    std::optional<std::string> views, side, turntable;
    std::optional<std::string> action, revision, part;                  // of weights
    std::vector<std::string> names;                                     // of weights
    std::optional<std::string> model, voxels, steps, runs, candidates;  // of bench
    bool random = false;                                                // of bench
    bool previews = false, start_over = false;                          // of batch
    std::optional<std::string> last, since, until, by, hotkey, database;
    bool quick = false, json = false, csv = false, markdown = false, toml = false, watch = false;
    std::vector<std::string> complaints;  // of words that are none of an option's choices
    bool command_named = false;           // false: run, as none was given
    std::vector<std::string> left_over;   // what nothing above claims, in order

    static std::vector<std::string> commands();  // "run", "rehearse", ...
    static std::vector<CommandManual> manual();
    static std::vector<std::string> flags(
        Command command);  // that may follow the command, settings included
};

// Fails (as an Exit) only where the words cannot be sorted: a flag without its value. --help and
// --version are Exits too.
std::variant<Arguments, Exit> sort_arguments(int argc, const char* const* argv);

}  // namespace miner

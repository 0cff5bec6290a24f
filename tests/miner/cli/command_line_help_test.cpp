// What --help and --version print.
#include "miner/cli/command_line.hpp"

#include "config/keys.hpp"
#include "config/version.hpp"
#include "tests/miner/cli/parsed.hpp"
#include "tests/support/catch.hpp"

#include <sstream>

using namespace miner;
using tests::good;
using tests::has;
using tests::kHome;
using tests::kNow;
using tests::over;

TEST_CASE("--version and --help end well, with text for standard output") {
    for (const Exit& exit : {over({"--version"}), over({"run", "--version"})}) {
        CHECK(exit.code == ExitCode::ok);
        CHECK_FALSE(exit.to_stderr);
        CHECK(exit.text == "miner " + config::version_and_commit() + "\n");
    }
    CHECK(good({"version"}).command == Command::version);
    CHECK_FALSE(good({"version"}).version.json);
    CHECK(good({"version", "--json"}).version.json);
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
    for (const char* name : {"run", "rehearse", "generate", "batch", "stats", "tune", "inspect",
                             "render", "score", "config", "version"}) {
        CHECK(has(text, std::string("\n  ") + name + " "));
    }
    CHECK(has(text, "--netuid"));
    CHECK(has(text, "miner config --print"));
    CHECK_FALSE(has(text, "--gate.attempts"));
}

TEST_CASE("every command's help has an example, and run's the exit codes") {
    for (const char* name : {"run", "rehearse", "generate", "batch", "stats", "tune", "inspect",
                             "render", "score", "config", "version"}) {
        const std::string text = over({name, "--help"}).text;
        INFO(text);
        CHECK(has(text, std::string("Example: miner ") + name));
    }
    const std::string text = over({"run", "--help"}).text;
    for (const auto& [code, meaning] : exit_codes()) CHECK(has(text, meaning));
}

TEST_CASE("the help names every choice that the settings have") {
    const std::string main = over({"--help"}).text;
    INFO(main);
    const auto* network = config::find_key("subtensor.network");
    REQUIRE(network);
    CHECK(has(main, config::expectation_of(*network)));
    CHECK(has(main, "latent-lite"));
    const std::string rehearse = over({"rehearse", "--help"}).text;
    INFO(rehearse);
    const auto line = rehearse.substr(rehearse.find("--faults"));
    const auto* faults = config::find_key("rehearse.faults");
    REQUIRE(faults);
    CHECK(faults->choices.size() == 10);
    for (const auto fault : faults->choices)
        CHECK(has(line.substr(0, line.find('\n')), std::string(fault)));
}

TEST_CASE("every example of the help is understood") {
    for (const char* name : {"run", "rehearse", "generate", "batch", "stats", "tune", "inspect",
                             "render", "score", "config", "version"}) {
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

#include "miner/cli/completion.hpp"

#include "config/keys.hpp"
#include "miner/cli/arguments.hpp"
#include "tests/support/catch.hpp"

using miner::Arguments;

TEST_CASE("every shell learns every command, its flags and every setting") {
    for (const auto* shell : {"bash", "zsh", "fish"}) {
        const auto text = miner::render_completion(shell);
        const bool fish = shell == std::string("fish");
        for (const auto& command : Arguments::commands())
            CHECK(text.find(command) != std::string::npos);
        for (const auto& key : config::keys()) {
            const auto flag = fish ? "-l " + std::string(key.name) : config::flag_of(key);
            CHECK(text.find(flag) != std::string::npos);
        }
        for (const std::string flag : {"since", "output", "turntable", "watch"})
            CHECK(text.find((fish ? "-l " : "--") + flag) != std::string::npos);
    }
}

TEST_CASE(
    "where a value is one of some words, every shell offers these, and files only for files") {
    const auto bash = miner::render_completion("bash");
    CHECK(bash.find("*' --log.level') words=\"trace debug info warn error\" ;;") !=
          std::string::npos);
    CHECK(bash.find("'stats --by') words=\"validator hotkey kind route day\" ;;") !=
          std::string::npos);
    CHECK(bash.find("        inspect) files=1 ;;") != std::string::npos);
    CHECK(bash.find("*' --netuid') words=\"\" ;;") != std::string::npos);
    const auto zsh = miner::render_completion("zsh");
    CHECK(zsh.find("]:value:(trace debug info warn error)'") != std::string::npos);
    CHECK(zsh.find("'*:operand:(list fetch verify)'") != std::string::npos);
    CHECK(zsh.find("'*:operand:_files'") != std::string::npos);
    const auto fish = miner::render_completion("fish");
    CHECK(fish.find("-l log.level -x -a 'trace debug info warn error'") != std::string::npos);
    CHECK(fish.find("from completion' -a 'bash zsh fish man'") != std::string::npos);
    CHECK(fish.find("from inspect' -F") != std::string::npos);
    CHECK(fish.find("complete -c miner -f\n") != std::string::npos);
}

TEST_CASE("no line of the manual is longer than readers of its source like") {
    const auto page = miner::render_man_page();
    for (std::size_t at = 0; at < page.size();) {
        const auto end = page.find('\n', at);
        const auto line = page.substr(at, end - at);
        INFO(line);
        CHECK(line.size() <= 80);
        at = end + 1;
    }
}

TEST_CASE("the manual has every command with its example, every setting and exit code") {
    const auto page = miner::render_man_page();
    CHECK(page.starts_with(".TH MINER 1"));
    for (const auto& command : Arguments::commands())
        CHECK(page.find(".SS miner " + command + "\n") != std::string::npos);
    for (const auto* text :
         {"\\-\\-gate.min_gaussians", "MINER_HTTP_TOKEN", ".B 75", "miner generate"})
        CHECK(page.find(text) != std::string::npos);
}

TEST_CASE("the manual tells operands from flags, and what a flag takes") {
    for (const auto& command : Arguments::manual()) {
        CHECK_FALSE(command.example.empty());
        if (command.name != "generate") continue;
        bool picture = false, output = false, json = false;
        for (const auto& flag : command.flags) {
            picture = picture || (flag.operand && flag.names == "PICTURE");
            output = output || (flag.names == "-o,--output" && flag.value == "FILE");
            json = json || (flag.names == "--json" && flag.value.empty());
        }
        CHECK(picture);
        CHECK(output);
        CHECK(json);
    }
}

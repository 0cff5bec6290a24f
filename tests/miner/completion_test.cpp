#include "miner/completion.hpp"

#include "config/keys.hpp"
#include "miner/arguments.hpp"

#include <catch2/catch.hpp>

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

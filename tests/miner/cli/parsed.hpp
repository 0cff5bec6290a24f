// Words of a command line, and what they are parsed to or refused with.
#pragma once

#include "miner/cli/command_line.hpp"
#include "tests/support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tests {

using miner::CommandLine;
using miner::Exit;
using miner::ExitCode;

// 2026-11-23 14:00 UTC
inline const auto kNow = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'442'400));
inline constexpr std::int64_t kNowMs = 1'795'442'400'000;

inline const config::Environment kHome{{"HOME", "/home/ann"}};

inline std::variant<CommandLine, Exit> parse_words(std::initializer_list<const char*> words,
                                                   const config::Environment& environment = kHome) {
    std::vector<const char*> argv{"miner"};
    argv.insert(argv.end(), words);
    return miner::parse(int(argv.size()), argv.data(), environment, kNow);
}

// Of a test that runs the command: with no environment.
inline std::variant<CommandLine, Exit> parse_line(const std::vector<std::string>& words) {
    std::vector<const char*> argv{"miner"};
    for (const auto& word : words) argv.push_back(word.c_str());
    return miner::parse(int(argv.size()), argv.data(), {}, kNow);
}

inline CommandLine good(std::initializer_list<const char*> words,
                        const config::Environment& environment = kHome) {
    auto result = parse_words(words, environment);
    if (const auto* over = std::get_if<Exit>(&result)) FAIL(over->text);
    return std::get<CommandLine>(std::move(result));
}

inline Exit over(std::initializer_list<const char*> words,
                 const config::Environment& environment = kHome) {
    auto result = parse_words(words, environment);
    REQUIRE(std::holds_alternative<Exit>(result));
    return std::get<Exit>(std::move(result));
}

// What is wrong with the words; they must be refused as usage.
inline std::string refused(std::initializer_list<const char*> words,
                           const config::Environment& environment = kHome) {
    const Exit exit = over(words, environment);
    CHECK(exit.code == ExitCode::usage);
    CHECK(exit.to_stderr);
    CHECK(exit.text.ends_with('\n'));
    return exit.text;
}

inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace tests

#include "miner/rehearsal/progress.hpp"

#include "config/escape.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/hostile.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

using miner::JudgedBy;
using miner::Progress;
using miner::Turn;

namespace {

Turn answered() {
    return {.end = Turn::End::answered,
            .task_id = "t",
            .outcome = storage::Outcome::retry_passed,
            .attempts = 2,
            .gaussians = 152'672,
            .bytes = 9,
            .score = 0.9,
            .milliseconds = 4200};
}

// What the lines of a rehearsal of these tasks are, where there is no terminal.
std::string lines_of(std::map<std::string, Progress::Name> names,
                     const std::function<void(Progress&)>& happens) {
    std::ostringstream out;
    Progress progress(out, {}, std::move(names));
    happens(progress);
    return out.str();
}

std::string one_line(const std::string& name, const Turn& turn,
                     JudgedBy judged_by = JudgedBy::truth) {
    return lines_of({{"t", {name, judged_by}}}, [&](Progress& p) { p.turn(turn); });
}

}  // namespace

TEST_CASE("a finished task is one line, without control characters where there is no terminal") {
    const auto lines = lines_of({{"t", {"05_pink_tower"}}, {"u", {"other"}}}, [](Progress& p) {
        p.stage("t", "structure");
        p.turn(answered());
    });
    CHECK(lines ==
          "  1/2  05_pink_tower                      retry passed     152672 Gaussians  2 attempts"
          "    4.2 s  score 0.90\n");
}

TEST_CASE("a score that is density alone is called so") {
    CHECK(one_line("photo", answered(), JudgedBy::density).ends_with("  density 0.90\n"));
    CHECK(one_line("photo", answered(), JudgedBy::likeness).ends_with("  score 0.90\n"));
}

TEST_CASE("what nobody judged has no score") {
    auto turn = answered();
    turn.score = -1;
    CHECK(one_line("x", turn).ends_with("  not scored\n"));
    // A validator says 0 of the empty result, too.
    turn.score = 0;
    turn.bytes = 0;
    turn.outcome = storage::Outcome::rejected;
    CHECK(one_line("x", turn).ends_with("  empty result\n"));
}

TEST_CASE("a result of an earlier turn is said to be sent again") {
    auto turn = answered();
    turn.attempts = 0;
    const auto line = one_line("x", turn);
    CHECK(line.find("made before, sent again") != std::string::npos);
    CHECK(line.find("Gaussians") == std::string::npos);
}

TEST_CASE("whatever ends a turn, its task has a line") {
    const auto lines =
        lines_of({{"t", {"one"}}, {"u", {"two"}}, {"v", {"three"}}}, [](Progress& p) {
            p.pulled({.validator = "5Their", .error = "connection refused"});
            p.pulled({.validator = "5Their", .reached = true});
            auto turn = answered();
            turn.end = Turn::End::unanswered;
            p.turn(turn);
            turn.end = Turn::End::answered;
            turn.attempts = 0;
            p.turn(turn);
            p.turn({.end = Turn::End::failed, .task_id = "u"});
            p.turn({.end = Turn::End::unreached});
            p.finish();
        });
    CHECK(lines ==
          "  -/3  5Their                             not reached    connection refused\n"
          "  1/3  one                                retry passed     152672 Gaussians  2 attempts"
          "    4.2 s  no answer: the next pull tells\n"
          "  1/3  one                                retry passed   made before, sent again"
          "                  score 0.90\n"
          "  2/3  two                                handed back                           "
          "                  failed: see the log\n"
          "  -/3  three                              not done\n");
    const auto stopped = one_line("x", {.end = Turn::End::stopped, .task_id = "t"});
    CHECK(stopped.find("stopped: back to its validator") != std::string::npos);
}

TEST_CASE("names of any length and writing leave the columns in line") {
    const std::vector<std::string> names{
        "short",
        "a gray airplane with blue wings",
        "a green rocket with a brown nose and white fins",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9",
        "\xe7\x95\x8c\xe7\x95\x8c\xe7\x95\x8c",
        std::string(60, 'x') + "\xe7\x95\x8c",
        "e\xcc\x81" + std::string(33, 'e'),
        "steers \033[2J\n\r\x9b the terminal",
        "not UTF-8 \xff\xfe"};
    const auto column = [](const std::string& line) {
        const auto at = line.find("retry passed");
        REQUIRE(at != std::string::npos);
        return config::columns(line.substr(0, at));
    };
    for (const auto& name : names) {
        const auto line = one_line(name, answered());
        INFO(line);
        CHECK(column(line) == column(one_line("x", answered())));
        CHECK(std::count(line.begin(), line.end(), '\n') == 1);
        CHECK(line.find('\033') == std::string::npos);
    }
    // Both ends of a name stay: the one tells what it is, the other tells it from its like.
    CHECK(one_line(names[2], answered()).find("a green rocket w..e and white fins") !=
          std::string::npos);
}

TEST_CASE("on a terminal the line is redrawn in place, and is never wider than that") {
    int columns = 80;
    std::ostringstream out;
    Progress progress(
        out, [&] { return columns; },
        {{"t", {"a very long prompt that says more than a line can hold of it"}}, {"u", {"x"}}});
    const auto drawn = [&] {
        const auto text = out.str();
        return text.substr(text.rfind("\r\033[K") + 4);
    };
    progress.stage("t", "structure");
    CHECK(out.str().starts_with("\r\033[K[........................] 0/2  a very long"));
    CHECK(drawn().ends_with(": structure"));
    CHECK(config::columns(drawn()) < 80);
    for (columns = 1; columns < 100; ++columns) {
        progress.stage("t", "structure");
        CHECK(int(config::columns(drawn())) <= std::max(columns - 1, 1));
    }
    progress.turn(answered());
    CHECK(out.str().find("[############............] 1/2") != std::string::npos);
    progress.finish();
    CHECK(out.str().ends_with("\r\033[K"));
}

TEST_CASE("a hostile name of a task steers no line of the progress") {
    for (const auto& name : tests::hostile_texts()) {
        const auto line = one_line(name, answered());
        CHECK_FALSE(tests::steers(line));
        CHECK(line.find('\n') == line.size() - 1);
    }
}

#include "miner/rehearsal/progress.hpp"

#include "tests/support/hostile.hpp"

#include <catch2/catch.hpp>

#include <sstream>

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

}  // namespace

TEST_CASE("a finished task is one line, without control characters where there is no terminal") {
    std::ostringstream out;
    Progress progress(out, false, 12, {{"t", "05_pink_tower"}});
    progress.stage("t", "structure");
    progress.turn(answered());
    progress.finish();
    CHECK(out.str() ==
          "  1/12  05_pink_tower                      retry passed     152672 Gaussians  2 attempts"
          "    4.2 s  score 0.90\n");
}

TEST_CASE("a result of an earlier turn is said to be sent again") {
    std::ostringstream out;
    Progress progress(out, false, 1, {});
    auto turn = answered();
    turn.attempts = 0;
    progress.turn(turn);
    CHECK(out.str().find("made before, sent again") != std::string::npos);
    CHECK(out.str().find("Gaussians") == std::string::npos);
}

TEST_CASE("turns without an answer do not count") {
    std::ostringstream out;
    Progress progress(out, false, 1, {});
    progress.turn({.end = Turn::End::unanswered});
    progress.turn({.end = Turn::End::stopped});
    CHECK(out.str().empty());
}

TEST_CASE("on a terminal the line is redrawn in place") {
    std::ostringstream out;
    Progress progress(out, true, 2, {{"t", "red car"}});
    progress.stage("t", "structure");
    CHECK(out.str() == "\r\033[K[........................] 0/2  red car: structure");
    progress.turn(answered());
    CHECK(out.str().find("[############............] 1/2") != std::string::npos);
}

TEST_CASE("a long name loses its end, between characters, and the columns stand") {
    const auto line = [](const std::string& name) {
        std::ostringstream out;
        Progress progress(out, false, 1, {{"t", name}});
        progress.turn(answered());
        return out.str();
    };
    const auto whole = line("a gray airplane with blue wings");
    const auto cut = line("a green rocket with a brown nose and white fins");
    CHECK(cut.find("a green rocket with a brown nos... retry passed") != std::string::npos);
    CHECK(cut.size() == whole.size());
    // 31 bytes would end within the second byte of a character.
    const auto accents = line("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xC3\xA9\xC3\xA9\xC3\xA9");
    CHECK(accents.find("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...") != std::string::npos);
}

TEST_CASE("a hostile name of a task steers no line of the progress") {
    for (const auto& name : tests::hostile_texts()) {
        std::ostringstream out;
        Progress progress(out, false, 1, {{"t", name}});
        progress.turn(answered());
        CHECK_FALSE(tests::steers(out.str()));
        CHECK(out.str().find('\n') == out.str().size() - 1);
    }
}

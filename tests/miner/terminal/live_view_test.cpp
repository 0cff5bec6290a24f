// The screen as somebody at a terminal sees it, through a pseudo terminal.
#include "miner/terminal/live_view.hpp"

#include "miner/cli/commands/commands.hpp"
#include "storage/database.hpp"
#include "storage/errc.hpp"
#include "storage/journal.hpp"
#include "tests/storage/results.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/pty.hpp"
#include "tests/support/temporary_folder.hpp"

#include <atomic>
#include <csignal>
#include <iostream>

#include <sys/wait.h>

using miner::Frame;
using miner::LiveView;
using miner::TableOptions;
using tests::Pty;
using tests::Vt;

namespace {

// Lines that tell their number and are wider than any terminal.
std::string numbered(int lines, const std::string& filling) {
    std::string text;
    for (int i = 1; i <= lines; ++i) {
        text += "line " + std::to_string(i) + " ";
        for (int k = 0; k < 150; ++k) text += filling;
        text += "\n";
    }
    return text;
}

std::function<int()> showing(const std::string& text) {
    return [text] {
        std::cout << "before" << std::endl;
        const LiveView view{.gather = [&]() -> config::Result<Frame> {
                                return Frame([&](const TableOptions&) { return text; });
                            },
                            .what = "test"};
        return int(miner::show_live(view));
    };
}

// A terminal as it should be left: the screen of before, its cursor, its line editing.
void check_restored(const Pty& pty) {
    const auto& screen = pty.screen();
    CHECK_FALSE(screen.alternate);
    CHECK(screen.cursor_visible);
    CHECK(screen.wraps);
    CHECK(screen.line(0) == "before");
    const auto attributes = pty.attributes();
    CHECK((attributes.c_lflag & ICANON) != 0);
    CHECK((attributes.c_lflag & ECHO) != 0);
    CHECK(screen.unknown.empty());
}

struct Kept {
    tests::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "miner.db";

    Kept() {
        auto database = storage::Database::open(file).value();
        storage::Journal journal(*database, "0.1", "hash", 0);
        for (int i = 0; i < 12; ++i) {
            const auto row = journal
                                 .pulled({"5OurHotkey", "5Validator" + std::to_string(i % 4),
                                          "t" + std::to_string(i), "image", "p", 1000 + i})
                                 ->row;
            REQUIRE(journal.finished(row, {.outcome = storage::Outcome::passed,
                                           .attempt = 1,
                                           .asset = std::string(64, 'a'),
                                           .bytes = 9,
                                           .detail = {},
                                           .at = 2000}));
            REQUIRE(journal.submitting(row, 2000));
            REQUIRE(journal.answered(row, {.feedback = true, .score = 0.75, .at = 3000}));
            REQUIRE(journal.contacted("5OurHotkey", "5Validator" + std::to_string(i % 4), false, 0,
                                      "cannot reach it: " + std::string(300, 'x'), 4000));
        }
    }

    miner::CommandLine line() const {
        miner::CommandLine line;
        line.stats.database = file.string();
        return line;
    }
};

}  // namespace

TEST_CASE("what is shown fits the terminal, and nothing scrolls away") {
    for (const auto& [columns, rows] : {std::pair(80, 24), {40, 24}, {132, 50}, {20, 3}}) {
        Pty pty(columns, rows, showing(numbered(60, "x")));
        REQUIRE(pty.shows("q quits"));
        const auto& screen = pty.screen();
        INFO(screen.text());
        CHECK(screen.alternate);
        CHECK_FALSE(screen.cursor_visible);
        CHECK(screen.scrolled == 0);
        CHECK(screen.line(0).starts_with("line 1 "));
        CHECK(screen.line(0).size() == std::size_t(columns));
        CHECK(screen.line(rows - 2).starts_with("line " + std::to_string(rows - 1) + " "));
        CHECK(screen.line(rows - 1).find("q quits") != std::string::npos);
        CHECK(screen.unknown.empty());
    }
}

TEST_CASE("wide characters fill a line without going past its end") {
    Pty pty(41, 6, showing(numbered(9, "\xe7\x95\x8c")));
    REQUIRE(pty.shows("q quits"));
    const auto& screen = pty.screen();
    INFO(screen.text());
    std::string line = "line 1 ";
    for (int i = 0; i < 17; ++i) line += "\xe7\x95\x8c";
    CHECK(screen.line(0) == line);
    CHECK(screen.line(4).starts_with("line 5 "));
    CHECK(screen.scrolled == 0);
}

TEST_CASE("q ends it and leaves the terminal as it was") {
    for (const auto* key : {"q", "Q", "\x03"}) {
        Pty pty(80, 24, showing(numbered(60, "x")));
        REQUIRE(pty.shows("q quits"));
        pty.type(key);
        const auto status = pty.wait_status();
        REQUIRE(status);
        CHECK(WIFEXITED(*status));
        CHECK(WEXITSTATUS(*status) == 0);
        check_restored(pty);
    }
}

TEST_CASE("a signal to stop ends it as q does") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
        Pty pty(80, 24, showing(numbered(60, "x")));
        REQUIRE(pty.shows("q quits"));
        pty.signal(number);
        const auto status = pty.wait_status();
        INFO("signal " << number);
        REQUIRE(status);
        CHECK(WIFEXITED(*status));
        check_restored(pty);
    }
}

TEST_CASE("a crash leaves the terminal as it was, and is one still") {
    for (const int number : {SIGABRT, SIGSEGV}) {
        Pty pty(80, 24, showing(numbered(60, "x")));
        REQUIRE(pty.shows("q quits"));
        pty.signal(number);
        const auto status = pty.wait_status();
        REQUIRE(status);
        CHECK(WIFSIGNALED(*status));
        CHECK(WTERMSIG(*status) == number);
        check_restored(pty);
    }
}

TEST_CASE("stopped, it gives the terminal back, and takes it again when it goes on") {
    Pty pty(80, 24, showing(numbered(60, "x")));
    REQUIRE(pty.shows("q quits"));
    pty.signal(SIGTSTP);
    const auto status = pty.wait_status(true);
    REQUIRE(status);
    REQUIRE(WIFSTOPPED(*status));
    check_restored(pty);
    pty.signal(SIGCONT);
    REQUIRE(pty.until([](const Vt& screen) { return screen.alternate; }));
    REQUIRE(pty.shows("q quits"));
    CHECK((pty.attributes().c_lflag & ECHO) == 0);
    pty.type("q");
    REQUIRE(pty.wait_status());
    check_restored(pty);
}

TEST_CASE("a new size of the terminal is drawn for at once") {
    const auto program = [] {
        const LiveView view{.gather = []() -> config::Result<Frame> {
                                return Frame([](const TableOptions& options) {
                                    return "width " + std::to_string(options.width) + "\n" +
                                           numbered(60, "x");
                                });
                            },
                            .what = "test",
                            .every = std::chrono::hours(1)};
        return int(miner::show_live(view));
    };
    Pty pty(80, 24, program);
    REQUIRE(pty.shows("width 80"));
    pty.resize(40, 10);
    REQUIRE(pty.until([](const Vt& screen) {
        return screen.line(0) == "width 40" && screen.line(9).find("q quits") != std::string::npos;
    }));
    CHECK(pty.screen().line(1).size() == 40);
    pty.resize(100, 30);
    REQUIRE(pty.until([](const Vt& screen) {
        return screen.line(0) == "width 100" &&
               screen.line(29).find("q quits") != std::string::npos;
    }));
    CHECK(pty.screen().scrolled == 0);
}

TEST_CASE("arrows and pages move through what does not fit") {
    Pty pty(60, 10, showing(numbered(30, "x")));
    const auto first_is = [](int number) {
        return [number](const Vt& screen) {
            return screen.line(0).starts_with("line " + std::to_string(number) + " ");
        };
    };
    REQUIRE(pty.until(first_is(1)));
    REQUIRE(pty.shows("1-9 of 30"));
    pty.type("\033[B\033[B");
    REQUIRE(pty.until(first_is(3)));
    pty.type("k");
    REQUIRE(pty.until(first_is(2)));
    pty.type("\033[6~");
    REQUIRE(pty.until(first_is(10)));
    pty.type("G");
    REQUIRE(pty.until(first_is(22)));
    REQUIRE(pty.shows("22-30 of 30"));
    pty.type("\033[Bg");
    REQUIRE(pty.until(first_is(1)));
}

TEST_CASE("what is gathered anew is shown, and a failure beside what is known") {
    const auto program = [] {
        std::atomic<int> calls = 0;
        const LiveView view{.gather = [&]() -> config::Result<Frame> {
                                const int call = ++calls;
                                if (call > 2)
                                    return config::fail(storage::Errc::locked, "for \033[2J now");
                                return Frame([call](const TableOptions&) {
                                    return "gathered " + std::to_string(call) + "\n";
                                });
                            },
                            .what = "test",
                            .every = std::chrono::milliseconds(20)};
        return int(miner::show_live(view));
    };
    Pty pty(120, 24, program);
    REQUIRE(pty.shows("not read anew"));
    CHECK(pty.screen().line(0) == "gathered 2");
    CHECK(pty.screen().unknown.empty());
}

TEST_CASE("without a screen it is plain text") {
    const auto once = tests::run_forked(showing("some \033[1mwords\033[0m\n"));
    CHECK(once.exit_status.code == 0);
    CHECK(once.out == "before\nsome \033[1mwords\033[0m\n");  // as the frame has it
    Pty dumb(80, 24, showing("some words\n"), "dumb");
    REQUIRE(dumb.wait_status());
    CHECK(dumb.screen().line(1) == "some words");
    CHECK(dumb.screen().unknown.empty());
}

TEST_CASE("miner top and stats --watch show their numbers on 80 and on 40 columns") {
    const Kept kept;
    for (const bool top : {true, false}) {
        for (const auto& [columns, rows] : {std::pair(80, 24), {40, 24}}) {
            Pty pty(columns, rows, [&] {
                auto line = kept.line();
                line.stats.watch = true;
                return int(top ? miner::top_command(line) : miner::stats_command(line));
            });
            REQUIRE(pty.shows("q quits"));
            const auto& screen = pty.screen();
            INFO(screen.text());
            CHECK(screen.text().find("Success rate  100.0 %") != std::string::npos);
            CHECK(screen.text().find("Generations") != std::string::npos);
            if (columns == 80) CHECK(screen.text().find("mean score") != std::string::npos);
            CHECK(screen.scrolled == 0);
            CHECK(screen.alternate);
            pty.type("q");
            const auto status = pty.wait_status();
            REQUIRE(status);
            CHECK(WEXITSTATUS(*status) == 0);
            CHECK_FALSE(pty.screen().alternate);
        }
    }
}

TEST_CASE("miner top without a terminal prints once, without control characters") {
    const Kept kept;
    const auto top = tests::run_forked([&] { return int(miner::top_command(kept.line())); });
    CHECK(top.exit_status.code == 0);
    CHECK(top.out.find("Success rate  100.0 %") != std::string::npos);
    CHECK(top.out.find('\033') == std::string::npos);
}

TEST_CASE("without a database there is a complaint, and no screen") {
    const tests::TemporaryFolder folder;
    Pty pty(80, 24, [&] {
        miner::CommandLine line;
        line.stats.database = (folder.path() / "miner.db").string();
        return int(miner::top_command(line));
    });
    const auto status = pty.wait_status();
    REQUIRE(status);
    CHECK(WEXITSTATUS(*status) == int(miner::ExitCode::storage));
    CHECK(pty.screen().text().find("miner: top:") != std::string::npos);
    CHECK_FALSE(pty.screen().alternate);
}

// What the end-to-end tests stand on: a child that is heard, fed, signalled and never left behind.
#include "tests/support/process.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

#include <csignal>

using namespace std::chrono_literals;
using tests::Command;
using tests::Process;
using tests::ProcessExit;

namespace {

Command shell(const std::string& script) {
    return {.program = "/bin/sh",
            .arguments = {"-c", script},
            .environment = {{"PATH", "/usr/bin:/bin"}},
            .input = {},
            .folder = {},
            .largest_file = {}};
}

}  // namespace

TEST_CASE("a child's words, input, environment, folder and code come through") {
    tests::TemporaryFolder folder;
    auto command = shell("cat; echo $WORD >&2; pwd; exit 3");
    command.input = std::string(300'000, 'x');  // more than a pipe holds
    command.environment["WORD"] = "tree";
    command.folder = folder.path();
    const auto outcome = tests::run_to_end(std::move(command), 60s);
    CHECK(outcome.exit_status == ProcessExit{.code = 3});
    CHECK(outcome.out == std::string(300'000, 'x') + folder.path().string() + "\n");
    CHECK(outcome.err == "tree\n");
}

TEST_CASE("a child inherits no variable") {
    ::setenv("MINER_TEST_INHERITED", "1", 1);
    CHECK(tests::run_to_end(shell("echo [$MINER_TEST_INHERITED]"), 60s).out == "[]\n");
}

TEST_CASE("a child that ends without reading does no harm") {
    auto command = shell("exit 0");
    command.input = std::string(300'000, 'x');
    CHECK(tests::run_to_end(std::move(command), 60s).exit_status == ProcessExit{.code = 0});
}

TEST_CASE("a program that is not there ends with 127") {
    auto command = shell("");
    command.program = "/nowhere";
    CHECK(tests::run_to_end(std::move(command), 60s).exit_status == ProcessExit{.code = 127});
}

TEST_CASE("a child is awaited for so long, and a signal reaches it") {
    Process child(shell("trap 'echo bye; exit 4' TERM; echo ready; while :; do sleep 0.05; done"));
    REQUIRE(child.await_text("ready", 60s));
    CHECK_FALSE(child.wait(10ms));
    CHECK(child.signal(SIGTERM));
    CHECK(child.wait(60s) == ProcessExit{.code = 4});
    CHECK(child.out() == "ready\nbye\n");
    CHECK_FALSE(child.signal(SIGTERM));
    CHECK_FALSE(child.await_text("never said", 60s));
}

TEST_CASE("a child that is killed says by what") {
    Process child(shell("echo ready; exec sleep 100"));
    REQUIRE(child.await_text("ready", 60s));
    child.signal(SIGKILL);
    CHECK(child.wait(60s) == ProcessExit{.code = -1, .signal = SIGKILL});
}

TEST_CASE("a signal at once ends a child and is no business of ours") {
    for (int i = 0; i < 50; ++i) {
        Process child(shell("exec sleep 100"));
        child.signal(SIGTERM);
        CHECK(child.wait(60s) == ProcessExit{.code = -1, .signal = SIGTERM});
    }
}

TEST_CASE("a child ends with its object") {
    pid_t pid = -1;
    {
        Process child(shell("echo ready; exec sleep 100"));
        REQUIRE(child.await_text("ready", 60s));
        pid = child.pid();
    }
    CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a child's files can be kept from growing") {
    tests::TemporaryFolder folder;
    auto command = shell("head -c 100000 /dev/zero > file; wc -c < file");
    command.folder = folder.path();
    command.largest_file = 4096;
    CHECK(tests::run_to_end(std::move(command), 60s).out == "4096\n");
}

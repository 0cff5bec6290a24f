#include "config/log.hpp"

#include "config/errc.hpp"
#include "tests/storage/unprivileged.hpp"
#include "tests/support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace config;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "miner-log-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        path = name;
    }
    ~Folder() { fs::remove_all(path); }

    fs::path path;
};

// A log of files of a megabyte is begun in that folder, and turned over; its settings.
Log fill_more_than_a_file(const fs::path& folder) {
    Log settings;
    settings.console = false;
    settings.max_mb = 1;
    auto log = Logger::open(settings, folder, false);
    REQUIRE(log.has_value());
    for (int i = 0; i < 700; ++i) log->info("feedback", {{"text", std::string(1'900, 'x')}});
    return settings;
}

// The console of this process goes to a file while this lives.
class CapturedStderr {
public:
    explicit CapturedStderr(const fs::path& file) : saved_(dup(STDERR_FILENO)) {
        REQUIRE(freopen(file.c_str(), "w", stderr));
    }
    ~CapturedStderr() {
        fflush(stderr);
        dup2(saved_, STDERR_FILENO);
        close(saved_);
    }

private:
    int saved_;
};

std::vector<std::string> lines_of(const fs::path& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("events at or above the level reach the sink, one line each") {
    std::vector<std::string> lines;
    Logger log(Level::info, false, [&](std::string_view line) { lines.emplace_back(line); });
    log.debug("quiet");
    log.warn("sparse", {{"task", "t1"}, {"attempt", 1}});
    log.info("retry successful", {{"reason", "a\nb"}});
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with(" WARN  sparse task=t1 attempt=1"));
    CHECK(lines[1].ends_with(R"( INFO  retry successful reason="a\nb")"));
    CHECK_FALSE(log.enabled(Level::debug));
    CHECK(log.enabled(Level::error));
}

TEST_CASE("percent signs and braces in values are nothing special") {
    std::vector<std::string> lines;
    Logger log(Level::info, true, [&](std::string_view line) { lines.emplace_back(line); });
    log.info("feedback", {{"reason", "{} %v %n {0}"}});
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].ends_with(R"("event":"feedback","reason":"{} %v %n {0}"})"));
}

TEST_CASE("console and file get the same lines, without colour off a terminal") {
    const Folder folder;
    {
        const CapturedStderr captured(folder.path / "console");
        auto log = Logger::open({}, folder.path / "data", false);
        REQUIRE(log.has_value());
        log->info("submitted", {{"task", "t1"}});
        log->debug("quiet");
        log->error("rejected", {{"task", "t2"}});
    }
    const auto file = lines_of(folder.path / "data/miner.log");
    REQUIRE(file.size() == 2);
    CHECK(file[1].ends_with(" ERROR rejected task=t2"));
    CHECK(lines_of(folder.path / "console") == file);
}

TEST_CASE("the level alone is coloured, and only on a terminal and for people") {
    const Folder folder;
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(terminal >= 0);
    REQUIRE(grantpt(terminal) == 0);
    REQUIRE(unlockpt(terminal) == 0);
    setenv("TERM", "xterm", 1);
    const bool json = GENERATE(false, true);
    Log settings;
    settings.json = json;
    {
        const CapturedStderr captured(ptsname(terminal));
        Logger::open(settings, folder.path, false)->warn("sparse", {{"task", "t1"}});
    }
    std::string shown(4096, '\0');
    const ssize_t size = read(terminal, shown.data(), shown.size());
    close(terminal);
    REQUIRE(size > 0);
    shown.resize(std::size_t(size));
    CHECK((shown.find("\x1b[") == std::string::npos) == json);
    if (!json) {
        CHECK(shown.find("WARN \x1b[m sparse task=t1") != std::string::npos);
    }
    const auto file = lines_of(folder.path / "miner.log");
    REQUIRE(file.size() == 1);
    CHECK(file[0].find('\x1b') == std::string::npos);
}

TEST_CASE("logging.debug lowers the level, and never raises it") {
    const Folder folder;
    const CapturedStderr captured(folder.path / "console");
    Log settings;
    settings.file = "none";
    CHECK(Logger::open(settings, folder.path, true)->enabled(Level::debug));
    CHECK_FALSE(Logger::open(settings, folder.path, true)->enabled(Level::trace));
    settings.level = "trace";
    CHECK(Logger::open(settings, folder.path, true)->enabled(Level::trace));
    settings.level = "warn";
    CHECK_FALSE(Logger::open(settings, folder.path, false)->enabled(Level::info));
    CHECK_FALSE(fs::exists(folder.path / "miner.log"));
}

TEST_CASE("the file rotates, and old ones are dropped") {
    const Folder folder;
    Log settings;
    settings.max_mb = 1;
    settings.files = 2;
    settings.json = true;
    {
        const CapturedStderr captured(folder.path / "console");
        auto log = Logger::open(settings, folder.path, false);
        REQUIRE(log.has_value());
        const std::string text(1'900, 'x');
        for (int i = 0; i < 2'500; ++i) log->info("feedback", {{"text", text}});
    }
    CHECK(fs::file_size(folder.path / "miner.log") <= 1 << 20);
    CHECK(fs::exists(folder.path / "miner.1.log"));
    CHECK(fs::exists(folder.path / "miner.2.log"));
    CHECK_FALSE(fs::exists(folder.path / "miner.3.log"));
}

TEST_CASE("a log file that was moved away or deleted is begun anew at the next line") {
    const Folder folder;
    const auto path = folder.path / "miner.log", moved = folder.path / "elsewhere.log";
    Log settings;
    settings.console = false;
    auto log = Logger::open(settings, folder.path, false);
    REQUIRE(log.has_value());
    log->info("first");
    fs::rename(path, moved);
    log->info("second");
    REQUIRE(lines_of(path).size() == 1);
    CHECK(lines_of(path)[0].ends_with(" second"));
    CHECK(lines_of(moved).size() == 1);
    fs::remove(path);
    log->info("third");
    CHECK(lines_of(path).size() == 1);
    // As logrotate's create: another file stands under the name already.
    fs::rename(path, moved);
    std::ofstream(path) << "by somebody else\n";
    log->info("fourth");
    CHECK(lines_of(path).size() == 2);
    // Asked for, it is there before any line.
    fs::remove(path);
    log->reopen();
    CHECK(fs::exists(path));
}

TEST_CASE("a log file that was cut is written on from its beginning") {
    const Folder folder;
    Log settings;
    settings.console = false;
    auto log = Logger::open(settings, folder.path, false);
    log->info("first", {{"text", std::string(1000, 'x')}});
    fs::resize_file(folder.path / "miner.log", 0);
    log->info("second");
    CHECK(fs::file_size(folder.path / "miner.log") < 100);
}

TEST_CASE("a log behind a link is turned over where the link leads to") {
    const Folder folder;
    fs::create_directory(folder.path / "far");
    fs::create_symlink(folder.path / "far/real.log", folder.path / "miner.log");
    fill_more_than_a_file(folder.path);
    CHECK(fs::is_symlink(folder.path / "miner.log"));
    CHECK(fs::exists(folder.path / "far/real.log"));
    CHECK(fs::exists(folder.path / "far/real.1.log"));
}

TEST_CASE("a device is logged to and never moved away, however much that is") {
    const Folder folder;
    Log settings;
    settings.console = false;
    settings.max_mb = 1;
    settings.file = "/dev/null";
    auto log = Logger::open(settings, folder.path, false);
    REQUIRE(log.has_value());
    for (int i = 0; i < 1'200; ++i) log->info("feedback", {{"text", std::string(1'900, 'x')}});
    CHECK(fs::is_character_file("/dev/null"));
    CHECK_FALSE(fs::exists("/dev/null.1"));
}

TEST_CASE("a pipe is logged to while it is read, and holds nobody up when it is not") {
    const Folder folder;
    const auto pipe = folder.path / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    Log settings;
    settings.console = false;
    settings.file = pipe.string();
    const auto unread = Logger::open(settings, folder.path, false);
    REQUIRE(unread.has_error());
    CHECK(unread.error().detail.find("nobody reads") != std::string::npos);

    const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(reader >= 0);
    const CapturedStderr captured(folder.path / "console");
    auto log = Logger::open(settings, folder.path, false);
    REQUIRE(log.has_value());
    log->info("first");
    char block[200];
    const auto got = read(reader, block, sizeof block);
    REQUIRE(got > 0);
    CHECK(std::string(block, std::size_t(got)).ends_with(" first\n"));
    for (int i = 0; i < 100; ++i) log->info("feedback", {{"text", std::string(1'900, 'x')}});
    close(reader);
    const auto before = signal(SIGPIPE, SIG_IGN);
    log->info("nobody is there");
    signal(SIGPIPE, before);
    CHECK(fs::is_fifo(pipe));
}

TEST_CASE("lines that a full disk loses are complained of once") {
    const Folder folder;
    Log settings;
    settings.console = false;
    settings.file = "/dev/full";
    {
        const CapturedStderr captured(folder.path / "console");
        auto log = Logger::open(settings, folder.path, false);
        REQUIRE(log.has_value());
        log->error("first");
        log->error("second");
    }
    const auto complaints = lines_of(folder.path / "console");
    REQUIRE(complaints.size() == 1);
    CHECK(complaints[0].find("/dev/full: No space left on device") != std::string::npos);
}

TEST_CASE("a sink that is added while others log gets every line from then on, and each whole") {
    std::vector<std::string> first, second;
    Logger log(Level::info, false, [&](std::string_view line) { first.emplace_back(line); });
    std::atomic<bool> done = false;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            while (!done) log.info("busy");
        });
    // Many, so that a list that grows has to move.
    std::atomic<int> heard = 0;
    for (int i = 0; i < 200; ++i) log.add([&](std::string_view) { ++heard; });
    log.add([&](std::string_view line) { second.emplace_back(line); });
    log.info("last");
    done = true;
    threads.clear();
    CHECK(heard > 0);
    CHECK(std::count_if(second.begin(), second.end(),
                        [](const auto& line) { return line.ends_with(" last"); }) == 1);
    CHECK(first.size() >= second.size());
}

TEST_CASE("a log that cannot be opened says which and what to do") {
    const Folder folder;
    std::ofstream(folder.path / "file") << "not a folder";
    Log settings;
    settings.file = (folder.path / "file/miner.log").string();
    const auto log = Logger::open(settings, folder.path, false);
    REQUIRE(log.has_error());
    CHECK(log.error().code == make_error_code(Errc::cannot_log));
    CHECK(log.error().detail.find(settings.file) != std::string::npos);
    CHECK(log.error().detail.find("--log.file") != std::string::npos);
}

TEST_CASE("a log that root begins in the folder of a service goes on as the service") {
    const Folder folder;
    if (!tests::give_to_nobody(folder.path)) {
        WARN("not tested: only root may give files away");
        return;
    }
    const auto settings = fill_more_than_a_file(folder.path);
    REQUIRE(fs::exists(folder.path / "miner.1.log"));  // and another was begun
    for (const auto* name : {"miner.log", "miner.1.log"})
        CHECK(tests::is_of_nobody(folder.path / name));
    CHECK(tests::unprivileged([&] { return Logger::open(settings, folder.path, false) ? 0 : 1; }) ==
          0);
}

TEST_CASE("lines of several threads stay whole") {
    std::vector<std::string> lines;
    Logger log(Level::info, false, [&](std::string_view line) { lines.emplace_back(line); });
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&log, t] {
            for (int i = 0; i < 500; ++i)
                log.info("sparse", {{"thread", t}, {"text", std::string(200, char('a' + t))}});
        });
    }
    threads.clear();
    CHECK(lines.size() == 2'000);
    for (const std::string& line : lines) {
        const char letter = char('a' + line[line.find("thread=") + 7] - '0');
        CHECK(line.ends_with(std::string(200, letter)));
    }
}

TEST_CASE("levels have the names of log.level") {
    CHECK(parse_level("trace") == Level::trace);
    CHECK(parse_level("error") == Level::error);
    CHECK(parse_level("info") == Level::info);
    CHECK(parse_level("loud") == Level::info);
}

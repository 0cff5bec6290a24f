// What else is in a report: tests/endure/secrets_test.
#include "miner/runtime/crash_report.hpp"

#include "config/last_lines.hpp"
#include "tests/support/broken_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/forked.hpp"
#include "tests/support/temporary_folder.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

using Catch::Contains;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// What the thread that writes a report does as it is to walk its stack; null: nothing else.
void (*amid_report)() = nullptr;
std::atomic<bool> is_amid_report = false;

void abort_amid_report() { std::abort(); }
void trap_amid_report() { __builtin_trap(); }

// The only one there.
std::string report_in(const std::filesystem::path& folder) {
    std::ostringstream text;
    int reports = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (!entry.path().filename().string().starts_with("crash-")) continue;
        text << std::ifstream(entry.path()).rdbuf();
        ++reports;
    }
    CHECK(reports == 1);
    return text.str();
}

}  // namespace

// In the place of libc's.
extern "C" int backtrace(void** frames, int size) {
    static const auto real =
        reinterpret_cast<int (*)(void**, int)>(::dlsym(RTLD_NEXT, "backtrace"));
    if (amid_report) amid_report();
    return real(frames, size);
}

TEST_CASE("a folder that cannot be read to its end keeps nobody from starting") {
    const tests::TemporaryFolder folder;
    for (const auto* name : {"a", "b", "c"}) std::ofstream(folder.path() / name) << "x";
    const auto outcome = tests::run_forked([&] {
        const tests::BrokenFolder broken(folder.path());
        miner::report_crashes(folder.path());
        return 0;
    });
    CHECK(outcome.exit_status.code == 0);
}

TEST_CASE("a thread that faults while another writes the report does not cut it off") {
    const int other_fault = GENERATE(SIGSEGV, SIGBUS);
    INFO(other_fault);
    const tests::TemporaryFolder folder;
    const auto outcome = tests::run_forked([&] {
        miner::report_crashes(folder.path());
        config::keep_line("the newest line");
        amid_report = [] {
            is_amid_report = true;
            // The other one's fault takes no time; what would cut this one off ends it here.
            std::this_thread::sleep_for(300ms);
        };
        std::thread other([&] {
            while (!is_amid_report) std::this_thread::sleep_for(1ms);
            ::raise(other_fault);
        });
        ::raise(SIGSEGV);
        other.join();
        return 0;
    });
    CHECK(outcome.exit_status.signal == SIGSEGV);
    CHECK_THAT(outcome.err, Contains("miner: crashed; report: "));
    const auto report = report_in(folder.path());
    CHECK_THAT(report, Contains("ended by SIGSEGV"));
    CHECK_THAT(report, Contains("\nLast lines of the log:\n"));
    CHECK(report.ends_with("\nthe newest line\n"));
}

TEST_CASE("a fault in what writes the report ends the process, and nobody waits for it") {
    const int fault = GENERATE(SIGABRT, SIGILL);
    INFO(fault);
    const tests::TemporaryFolder folder;
    const auto begin = Clock::now();
    const auto outcome = tests::run_forked([&] {
        miner::report_crashes(folder.path());
        amid_report = fault == SIGABRT ? abort_amid_report : trap_amid_report;
        ::raise(SIGSEGV);
        return 0;
    });
    CHECK(outcome.exit_status.signal == fault);
    CHECK(Clock::now() - begin < 45s);  // less than other threads wait
    CHECK_THAT(report_in(folder.path()), Contains("ended by SIGSEGV"));
}

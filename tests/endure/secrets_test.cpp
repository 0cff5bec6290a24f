#include "tests/endure/canary.hpp"
#include "tests/endure/secrets_story.hpp"
#include "tests/endure/subject_process.hpp"
#include "tests/support/catch.hpp"

#include <csignal>

#include <unistd.h>

using namespace endure;

namespace {

void check(const SecretsFigures& figures) {
    for (const auto& words : figures.broken) {
        CAPTURE(words);
        CHECK(false);
    }
    CHECK(figures.memory > 1'000'000);
    CHECK(figures.files >= 5);
    CHECK(figures.answers == 7);
}

}  // namespace

TEST_CASE("a hotkey shows in no file, log, page, environment and in no memory that is not locked") {
    check(secrets_story(SIGSEGV, false));
}

TEST_CASE("neither does one with a password, nor the password") {
    check(secrets_story(SIGABRT, true));
}

TEST_CASE("a fault of any kind leaves a report, and the process ends by it") {
    for (const int signal : {SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP}) {
        CAPTURE(signal);
        check(secrets_story(signal, false));
    }
}

TEST_CASE("a secret that lies open in memory is found by the scan") {
    const auto key = recorded_key_file();
    const auto canaries = canaries_of(key.content);
    CHECK(canaries.size() == 9);
    const auto scan = scan_memory(::getpid(), canaries);
    CHECK(scan.found.size() >= canaries.size());
    CHECK(scan.locked.empty());
    CHECK(found_in(key.content, canaries).size() == 3);  // as it is written there
}

#include "tests/support/forked.hpp"

#include "tests/support/eventually.hpp"
#include "tests/support/temporary_folder.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace tests {
namespace {

std::string content(std::FILE* file) {
    std::string text;
    std::rewind(file);
    char block[1 << 14];
    while (const auto got = std::fread(block, 1, sizeof block, file)) text.append(block, got);
    std::fclose(file);
    return text;
}

}  // namespace

Outcome run_forked(const std::function<int()>& program) {
    std::FILE* const out = std::tmpfile();
    std::FILE* const err = std::tmpfile();
    if (!out || !err) throw std::system_error(errno, std::generic_category(), "tmpfile");
    const TemporaryFolder scratch;  // removed here alone: the child never returns
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
        ::dup2(::fileno(out), STDOUT_FILENO);
        ::dup2(::fileno(err), STDERR_FILENO);
        ::setenv("TMPDIR", scratch.path().c_str(), 1);
        const int status = program();
        std::fflush(nullptr);
        ::_exit(status);
    }
    int status = 0;
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (::waitpid(pid, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > end) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, &status, 0);
            throw std::runtime_error("it did not end in time; it said:\n" + content(out) +
                                     content(err));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return {.exit_status = {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0},
            .out = content(out),
            .err = content(err)};
}

}  // namespace tests

#include "tests/support/pty.hpp"

#include "tests/support/eventually.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

namespace tests {
namespace {

winsize size_of(int columns, int rows) {
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = static_cast<unsigned short>(rows);
    return size;
}

}  // namespace

Pty::Pty(int columns, int rows, const std::function<int()>& program, const std::string& term)
    : screen_(columns, rows) {
    const auto size = size_of(columns, rows);
    // Our own hold on the terminal keeps what it is set to past the program's end.
    if (::openpty(&master_, &terminal_, nullptr, nullptr, &size) != 0)
        throw std::system_error(errno, std::generic_category(), "openpty");
    std::fflush(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ > 0) return;
    ::close(master_);
    ::login_tty(terminal_);
    ::setenv("TERM", term.c_str(), 1);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    const int status = program();
    std::fflush(nullptr);
    ::_exit(status);
}

Pty::~Pty() {
    if (!reaped_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
    ::close(terminal_);
}

void Pty::type(std::string_view keys) {
    if (::write(master_, keys.data(), keys.size()) != ssize_t(keys.size()))
        throw std::system_error(errno, std::generic_category(), "typing");
}

void Pty::resize(int columns, int rows) {
    screen_.resize(columns, rows);
    const auto size = size_of(columns, rows);
    ::ioctl(master_, TIOCSWINSZ, &size);
}

void Pty::signal(int number) { ::kill(pid_, number); }

termios Pty::attributes() const {
    termios now{};
    ::tcgetattr(terminal_, &now);
    return now;
}

// What came within a moment; false when that is nothing.
bool Pty::read_some() {
    pollfd source{master_, POLLIN, 0};
    if (::poll(&source, 1, 5) <= 0) return false;
    char block[1 << 14];
    const ssize_t got = ::read(master_, block, sizeof block);
    if (got <= 0) return false;
    screen_.feed({block, std::size_t(got)});
    return true;
}

bool Pty::until(const std::function<bool(const Vt&)>& holds) {
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (!holds(screen_)) {
        if (std::chrono::steady_clock::now() > end) return false;
        read_some();
    }
    return true;
}

bool Pty::shows(std::string_view text) {
    return until([&](const Vt& screen) { return screen.text().find(text) != std::string::npos; });
}

std::optional<int> Pty::wait_status(bool or_stopped) {
    const auto end = std::chrono::steady_clock::now() + kLongestWait;
    while (std::chrono::steady_clock::now() < end) {
        int status = 0;
        const pid_t which = ::waitpid(pid_, &status, WNOHANG | (or_stopped ? WUNTRACED : 0));
        while (read_some()) {
        }
        if (which != pid_) continue;
        reaped_ = !WIFSTOPPED(status);
        return status;
    }
    return std::nullopt;
}

}  // namespace tests

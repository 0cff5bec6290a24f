#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace tests {
namespace {

struct Pipe {
    int read_end = -1, write_end = -1;
};

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "pipe");
    return {ends[0], ends[1]};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> list;
    for (auto& word : words) list.push_back(word.data());
    list.push_back(nullptr);
    return list;
}

// All that a child needs, made before the fork: after it only plain system calls are allowed.
struct Plan {
    std::vector<std::string> words, variables;
    std::vector<char*> argv, envp;
    std::string program, folder;
    std::optional<std::uint64_t> largest_file;
    int in, out, err;
    pid_t parent;

    [[noreturn]] void follow() const {
        // A test that is killed takes its children along.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(125);
        ::dup2(in, 0);
        ::dup2(out, 1);
        ::dup2(err, 2);
        // The parent blocked all signals: one that came now would run its handlers in the child.
        for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        if (!folder.empty() && ::chdir(folder.c_str()) != 0) ::_exit(126);
        if (largest_file) {
            const rlimit limit{*largest_file, *largest_file};
            ::setrlimit(RLIMIT_FSIZE, &limit);
        }
        ::execve(program.c_str(), argv.data(), envp.data());
        ::_exit(127);
    }
};

// False at the end of the stream.
bool read_more(int descriptor, std::string& text, std::mutex& mutex) {
    char block[1 << 14];
    const ssize_t got = ::read(descriptor, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    const std::lock_guard lock(mutex);
    text.append(block, std::size_t(got));
    return true;
}

// False when nothing is left to write, or nobody reads.
bool write_more(int descriptor, std::string_view& rest) {
    if (rest.empty()) return false;
    const ssize_t put = ::write(descriptor, rest.data(), rest.size());
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (put < 0) return false;
    rest.remove_prefix(std::size_t(put));
    return !rest.empty();
}

void shut(int& descriptor) {
    ::close(descriptor);
    descriptor = -1;
}

}  // namespace

Process::Process(Command command) {
    ::signal(SIGPIPE, SIG_IGN);  // a child that ends without reading must not end the test
    const Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
    Plan plan{.words = {command.program},
              .variables = {},
              .argv = {},
              .envp = {},
              .program = command.program,
              .folder = command.folder.string(),
              .largest_file = command.largest_file,
              .in = in.read_end,
              .out = out.write_end,
              .err = err.write_end,
              .parent = ::getpid()};
    plan.words.insert(plan.words.end(), command.arguments.begin(), command.arguments.end());
    for (const auto& [name, value] : command.environment)
        plan.variables.push_back(name + "=" + value);
    plan.argv = pointers(plan.words);
    plan.envp = pointers(plan.variables);

    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = ::fork();
    if (pid_ == 0) plan.follow();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    for (const int end : {in.read_end, out.write_end, err.write_end}) ::close(end);
    in_ = in.write_end;
    out_ = out.read_end;
    err_ = err.read_end;
    ::fcntl(in_, F_SETFL, O_NONBLOCK);
    listener_ = std::thread(
        [this, input = std::move(command.input)]() mutable { listen(std::move(input)); });
}

Process::~Process() {
    signal(SIGKILL);
    listener_.join();
}

void Process::listen(std::string input) {
    std::string_view rest = input;
    if (rest.empty()) shut(in_);
    while (out_ >= 0 || err_ >= 0) {
        // A negative descriptor is passed over.
        std::array<pollfd, 3> streams{{{in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}}};
        if (::poll(streams.data(), streams.size(), -1) < 0) continue;
        if (streams[0].revents != 0 && !write_more(in_, rest)) shut(in_);
        if (streams[1].revents != 0 && !read_more(out_, said_, mutex_)) shut(out_);
        if (streams[2].revents != 0 && !read_more(err_, complained_, mutex_)) shut(err_);
        news_.notify_all();
    }
    if (in_ >= 0) shut(in_);
    // Waits without reaping, so that its number is not given to another while signal() may use it.
    siginfo_t info;
    while (::waitid(P_PID, id_t(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    const std::lock_guard lock(mutex_);
    int status = 0;
    rusage usage{};
    ::wait4(pid_, &status, 0, &usage);
    exit_status_ = ProcessExit{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                               .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                               .peak_kb = usage.ru_maxrss};
    news_.notify_all();
}

bool Process::signal(int number) {
    const std::lock_guard lock(mutex_);
    return !exit_status_ && ::kill(pid_, number) == 0;
}

std::optional<ProcessExit> Process::wait(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    news_.wait_for(lock, limit, [&] { return exit_status_.has_value(); });
    return exit_status_;
}

bool Process::await_text(std::string_view text, std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    const auto heard = [&] {
        return said_.find(text) != said_.npos || complained_.find(text) != complained_.npos;
    };
    news_.wait_for(lock, limit, [&] { return heard() || exit_status_.has_value(); });
    return heard();
}

std::string Process::out() const {
    const std::lock_guard lock(mutex_);
    return said_;
}

std::string Process::err() const {
    const std::lock_guard lock(mutex_);
    return complained_;
}

Outcome run_to_end(Command command, std::chrono::milliseconds limit) {
    Process process(std::move(command));
    const auto exit_status = process.wait(limit);
    if (!exit_status)
        throw std::runtime_error("it did not end in time; it said:\n" + process.out() + "\n" +
                                 process.err());
    return {*exit_status, process.out(), process.err()};
}

}  // namespace tests

#include "miner/runtime/crash_report.hpp"

#include "config/folder_entries.hpp"
#include "config/last_lines.hpp"
#include "config/version.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace miner {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReports = 5;  // that stay of earlier processes
constexpr std::string_view kBegin = "crash-", kEnd = ".txt";
constexpr unsigned kPatience_s = 60;

struct Named {
    int number;
    const char* name;
};
constexpr std::array<Named, 7> kSignals{{{SIGSEGV, "SIGSEGV"},
                                         {SIGBUS, "SIGBUS"},
                                         {SIGFPE, "SIGFPE"},
                                         {SIGILL, "SIGILL"},
                                         {SIGSYS, "SIGSYS"},
                                         {SIGTRAP, "SIGTRAP"},
                                         {SIGABRT, "SIGABRT"}}};

// Made while all is well, as a handler may not allocate.
struct Prepared {
    std::array<char, 4096> path{};  // with room for a number at `number_at`
    std::size_t number_at = 0;
    std::array<char, 256> head{};
};
Prepared prepared;
std::atomic<pid_t> reporter = 0;  // the thread that writes the report; 0: none has begun
static_assert(std::atomic<pid_t>::is_always_lock_free);
alignas(16) std::array<char, 64 << 10> own_stack;

// Text on its way to a descriptor, put together without libc's help.
class Words {
public:
    explicit Words(int descriptor) : descriptor_(descriptor) {}

    Words& operator<<(std::string_view text) {
        if (::write(descriptor_, text.data(), text.size()) < 0) descriptor_ = -1;
        return *this;
    }
    Words& operator<<(std::uint64_t number) { return digits(number, 10); }
    Words& hex(std::uint64_t number) {
        *this << "0x";
        return digits(number, 16);
    }

private:
    Words& digits(std::uint64_t number, unsigned base) {
        char text[20];
        char* at = text + sizeof text;
        do *--at = "0123456789abcdef"[number % base];
        while (number /= base);
        return *this << std::string_view(at, std::size_t(text + sizeof text - at));
    }

    int descriptor_;
};

int create_report() {
    const auto now = std::uint64_t(std::time(nullptr));
    char* at = prepared.path.data() + prepared.number_at;
    // Ten digits reach until the year 2286.
    for (std::uint64_t unit = 1'000'000'000; unit > 0; unit /= 10)
        *at++ = char('0' + now / unit % 10);
    return ::open(prepared.path.data(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

void write_report(int file, int number, const siginfo_t* info) {
    Words words(file);
    const char* name = "signal";
    for (const auto& known : kSignals)
        if (known.number == number) name = known.name;
    char thread[16] = "";
    ::prctl(PR_GET_NAME, thread);
    words << prepared.head.data() << name << " (" << std::uint64_t(number) << "), code "
          << std::uint64_t(std::uint32_t(info->si_code)) << ", address ";
    words.hex(reinterpret_cast<std::uintptr_t>(info->si_addr))
        << ", thread " << std::string_view(thread, ::strnlen(thread, sizeof thread))
        << "\n\nStack:\n";
    void* frames[64];
    ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), file);
    words << "\nLast lines of the log:\n";
    config::write_last_lines(file);
    ::fsync(file);
}

void report(int number, const siginfo_t* info) {
    const int file = create_report();
    if (file < 0) return;
    write_report(file, number, info);
    ::close(file);
    Words(STDERR_FILENO) << "miner: crashed; report: " << prepared.path.data() << "\n";
}

// All signals are blocked here. A fault of this thread ends the process all the same, as the kernel
// lets none be blocked; abort() unblocks its own, and comes here a second time.
void crash(int number, siginfo_t* info, void*) {
    const pid_t self = ::gettid();
    pid_t first = 0;
    if (reporter.compare_exchange_strong(first, self))
        report(number, info);
    else if (first != self)
        // Threads that work at one thing fault together: the process shall not end before the
        // report is whole. Nor live on where writing it waits for what this thread has locked.
        ::sleep(kPatience_s);
    // What the signal does without us, once it is no longer blocked.
    ::signal(number, SIG_DFL);
    ::raise(number);
}

void forget_old_reports(const fs::path& folder) {
    std::error_code ignored;
    std::vector<fs::path> reports;
    for (const auto& entry : config::folder_entries(folder, ignored)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(kBegin) && name.ends_with(kEnd)) reports.push_back(entry.path());
    }
    std::sort(reports.begin(), reports.end());
    for (std::size_t i = 0; i + kReports < reports.size(); ++i) fs::remove(reports[i], ignored);
}

bool prepare(const fs::path& folder) {
    std::error_code none;
    auto begin = (fs::absolute(folder, none) / kBegin).string();
    const auto path = begin + "0000000000-" + std::to_string(::getpid()) + std::string(kEnd);
    if (none || path.size() >= prepared.path.size()) return false;
    std::copy(path.begin(), path.end(), prepared.path.begin());
    prepared.path[path.size()] = '\0';
    prepared.number_at = begin.size();
    const auto head = "miner " + config::version_and_commit() + " ended by ";
    const auto size = std::min(head.size(), prepared.head.size() - 1);
    std::copy_n(head.begin(), size, prepared.head.begin());
    prepared.head[size] = '\0';
    return true;
}

}  // namespace

void report_crashes(const fs::path& folder) {
    forget_old_reports(folder);
    if (!prepare(folder)) return;
    // The first call loads a library, which a handler could not.
    void* frame = nullptr;
    ::backtrace(&frame, 1);
    const stack_t stack{.ss_sp = own_stack.data(), .ss_flags = 0, .ss_size = own_stack.size()};
    ::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_sigaction = crash;
    // No SA_RESETHAND: it is the whole process's, and another thread's fault would end it at once.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const auto& signal : kSignals) ::sigaction(signal.number, &action, nullptr);
}

}  // namespace miner

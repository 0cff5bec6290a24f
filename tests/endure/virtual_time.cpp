#include "tests/endure/virtual_time.hpp"

#include "tests/endure/virtual_engine.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace endure::virtual_time {
namespace {

constexpr std::size_t kThreads = 512, kDescriptors = 4096;
constexpr std::int64_t kTick = 20;                    // a call of a clock takes so long
constexpr std::int64_t kBooted = 1000 * kSecond;      // CLOCK_MONOTONIC at the beginning
constexpr std::int64_t kGlance = 1'000'000;           // of real time, between looks without a bell
constexpr std::int64_t kPatience = 20'000'000;        // for bytes that nobody takes
constexpr std::int64_t kStandstill = 10 * kSecond;    // of real time
constexpr std::int64_t kLongestWork = 240 * kSecond;  // of processor time, without a wait of all

struct Thread {
    std::atomic<int> taken = 0;  // 0 free, 1 being made, 2 lives, 3 ends
    int state = -1;              // its /proc/self/task/*/stat
    pid_t id = 0;
    Party party = Party::world;
    std::atomic<std::int64_t> wake_ups = 0;
    std::atomic<Bell> bell = Bell::none;
    clockid_t clock = CLOCK_MONOTONIC;
    std::int64_t deadline = kNever;
    void* what = nullptr;
    std::uint32_t word = 0;  // of those who just sleep
    int descriptor = -1;     // of those who sleep by one
};

std::array<Thread, kThreads> threads;
std::atomic<std::size_t> most_threads = 0;
thread_local Thread* self = nullptr;

std::atomic<bool> is_active = false;
std::atomic<std::int64_t> monotonic = kBooted, slept = 0, unix_offset = 0, world_offset = 0;
std::atomic<int> at_work = 0;
std::atomic<std::int64_t> returns = 0, jump_count = 0;
std::array<std::atomic<std::int64_t>, 2> ended_cpu{}, ended_wake_ups{};
void (*tell_stuck)(const std::string&) = nullptr;

enum class Kind : std::uint8_t { none, socket, timer };
std::array<std::atomic<Kind>, kDescriptors> kinds{};
std::array<std::atomic<std::int64_t>, kDescriptors> timers{};
std::atomic<int> most_descriptors = 0;

std::uint32_t clock_word = 0;  // rung when nobody is at work any more
std::atomic<bool> clock_sleeps = false;

template <class... Arguments>
long system_call(long number, Arguments... arguments) {
    return REAL(syscall)(number, arguments...);
}

std::int64_t real_time(clockid_t clock) {
    timespec time{};
    REAL(clock_gettime)(clock, &time);
    return time.tv_sec * kSecond + time.tv_nsec;
}

void pause(std::int64_t time) {
    const timespec real_pause{0, time};
    REAL(nanosleep)(&real_pause, nullptr);
}

clockid_t cpu_clock(pid_t id) { return clockid_t((~unsigned(id) << 3) | 6); }

Thread& enroll(Party party) {
    for (std::size_t i = 0; i < kThreads; ++i) {
        int is_free = 0;
        if (!threads[i].taken.compare_exchange_strong(is_free, 1)) continue;
        auto& thread = threads[i];
        thread.id = pid_t(system_call(SYS_gettid));
        char path[64];
        std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", int(thread.id));
        thread.state = ::open(path, O_RDONLY | O_CLOEXEC);
        thread.party = party;
        thread.bell = Bell::none;
        thread.wake_ups = 0;
        self = &thread;
        auto most = most_threads.load();
        while (most < i + 1 && !most_threads.compare_exchange_weak(most, i + 1)) {
        }
        thread.taken = 2;
        return thread;
    }
    std::fputs("virtual time: too many threads\n", stderr);
    std::_Exit(3);
}

void discharge(Thread& thread) {
    ended_cpu[std::size_t(thread.party)] += real_time(CLOCK_THREAD_CPUTIME_ID);
    ended_wake_ups[std::size_t(thread.party)] += thread.wake_ups;
    thread.bell = Bell::none;
    // The entry stays until the kernel has let the thread go, and woken whoever joins it.
    thread.taken = 3;
    self = nullptr;
}

// 'S', 'R', ...; 0: there is no such thread any more.
char state_of(const Thread& thread) {
    char text[64];
    const auto size = ::pread(thread.state, text, sizeof text, 0);
    if (size <= 0) return 0;
    const std::string_view line(text, std::size_t(size));
    const auto name_ends = line.rfind(')');
    return name_ends == line.npos || name_ends + 2 >= line.size() ? 'R' : line[name_ends + 2];
}

// Bytes that a socket has taken and not yet sent. What was sent over loopback has arrived.
bool are_bytes_under_way() {
    for (int i = 0; i < most_descriptors; ++i) {
        if (kinds[std::size_t(i)] != Kind::socket) continue;
        int waiting = 0;
        if (::ioctl(i, SIOCOUTQNSD, &waiting) == 0 && waiting > 0) return true;
    }
    return false;
}

bool all_sleep() {
    bool sleep = true;
    for (std::size_t i = 0; i < most_threads && sleep; ++i) {
        auto& thread = threads[i];
        const int taken = thread.taken;
        if (taken == 0) continue;
        const char state = taken == 1 ? 'R' : state_of(thread);
        if (state == 0 && taken == 3) {
            ::close(thread.state);
            thread.taken = 0;
            continue;
        }
        sleep = state == 'S' && taken == 2;
    }
    return sleep;
}

// Nobody was at work at any moment of the look, for whoever is woken is by somebody who is.
bool is_quiet() {
    const auto before = returns.load();
    return at_work == 0 && all_sleep() && returns == before && at_work == 0;
}

// Somebody sleeps by other means than those that are followed here, as by a mutex.
bool is_quiet_otherwise() {
    const auto before = returns.load();
    for (int look = 0; look < 3; ++look) {
        if (!all_sleep()) return false;
        pause(kGlance / 4);
    }
    return returns == before && all_sleep();
}

std::int64_t time_of(clockid_t clock) {
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_TAI:
            return monotonic + slept + unix_offset;
        case CLOCK_BOOTTIME:
            return monotonic + slept;
        default:
            return monotonic;
    }
}

// How long until the first of them wakes; kNever: none will.
std::int64_t until_next() {
    std::int64_t left = kNever;
    const auto take = [&](std::int64_t deadline, std::int64_t time) {
        if (deadline != kNever) left = std::min(left, std::max<std::int64_t>(0, deadline - time));
    };
    for (int i = 0; i < most_descriptors; ++i)
        if (kinds[std::size_t(i)] == Kind::timer) take(timers[std::size_t(i)], monotonic);
    for (std::size_t i = 0; i < most_threads; ++i)
        if (threads[i].taken == 2 && threads[i].bell != Bell::none)
            take(threads[i].deadline, time_of(threads[i].clock));
    return left;
}

void make_readable(int descriptor) {
    const std::uint64_t one = 1;
    if (system_call(SYS_write, descriptor, &one, sizeof one) < 0) std::abort();
}

void wake(Thread& thread) {
    switch (thread.bell.load()) {
        case Bell::word:
            if (thread.what == &thread.word) __atomic_store_n(&thread.word, 1, __ATOMIC_RELEASE);
            for (const int operation : {FUTEX_WAKE, FUTEX_WAKE_PRIVATE})
                futex(thread.what, operation, std::numeric_limits<int>::max());
            break;
        case Bell::condition:
            ::pthread_cond_broadcast(static_cast<pthread_cond_t*>(thread.what));
            break;
        case Bell::descriptor:
            make_readable(thread.descriptor);
            break;
        default:
            break;
    }
}

void jump() {
    static std::int64_t stuck_since = 0;
    const auto left = until_next();
    if (left == kNever) {
        // Somebody may wait for the kernel.
        if (stuck_since == 0) stuck_since = real_time(CLOCK_MONOTONIC);
        if (real_time(CLOCK_MONOTONIC) > stuck_since + kStandstill) {
            tell_stuck("all threads sleep, and none of them has a time to wake");
            std::_Exit(3);
        }
        return pause(kGlance);
    }
    stuck_since = 0;
    monotonic += left;
    ++jump_count;
    for (int i = 0; i < most_descriptors; ++i) {
        auto& deadline = timers[std::size_t(i)];
        if (kinds[std::size_t(i)] != Kind::timer || deadline > monotonic) continue;
        deadline = kNever;
        make_readable(i);
    }
    for (std::size_t i = 0; i < most_threads; ++i) {
        auto& thread = threads[i];
        if (thread.taken != 2 || thread.deadline == kNever) continue;
        if (thread.deadline <= time_of(thread.clock)) wake(thread);
    }
}

// Waits for the bell of the last one who went to sleep, or a moment.
void wait_for_quiet() {
    clock_sleeps = true;
    const auto seen = __atomic_load_n(&clock_word, __ATOMIC_ACQUIRE);
    const timespec glance{0, kGlance};
    if (at_work != 0) system_call(SYS_futex, &clock_word, FUTEX_WAIT_PRIVATE, seen, &glance, 0, 0);
    clock_sleeps = false;
}

void* run_clock(void*) {
    std::int64_t worked_since = real_time(CLOCK_PROCESS_CPUTIME_ID), under_way_since = 0;
    for (int tries = 0;;) {
        if (at_work != 0) wait_for_quiet();
        const bool quiet = at_work == 0 ? is_quiet() : tries > 2 && is_quiet_otherwise();
        if (quiet && are_bytes_under_way()) {
            const auto time = real_time(CLOCK_MONOTONIC);
            if (under_way_since == 0) under_way_since = time;
            if (time < under_way_since + kPatience) {
                pause(kGlance / 20);
                continue;
            }
        }
        if (!quiet) {
            if (at_work == 0 && ++tries < 40)
                ::sched_yield();
            else if (at_work == 0)
                pause(kGlance / 50);
            else
                ++tries;
            if (tries % 1000 == 999 &&
                real_time(CLOCK_PROCESS_CPUTIME_ID) > worked_since + kLongestWork) {
                tell_stuck("a thread computes and never waits");
                std::_Exit(3);
            }
            continue;
        }
        jump();
        tries = 0;
        under_way_since = 0;
        worked_since = real_time(CLOCK_PROCESS_CPUTIME_ID);
    }
}

void drain(int descriptor) {
    std::uint64_t count = 0;
    if (system_call(SYS_read, descriptor, &count, sizeof count) < 0 && errno != EAGAIN)
        std::abort();
}

void follow(int descriptor, Kind kind) {
    if (descriptor < 0) return;
    if (std::size_t(descriptor) >= kDescriptors) {
        std::fputs("virtual time: too many descriptors\n", stderr);
        std::_Exit(3);
    }
    timers[std::size_t(descriptor)] = kNever;
    kinds[std::size_t(descriptor)] = kind;
    auto most = most_descriptors.load();
    while (most <= descriptor && !most_descriptors.compare_exchange_weak(most, descriptor + 1)) {
    }
}

}  // namespace

bool active() { return is_active.load(std::memory_order_relaxed) && self; }

std::int64_t now(clockid_t clock) {
    monotonic.fetch_add(kTick, std::memory_order_relaxed);
    return time_of(clock);
}

long futex(void* word, int operation, std::uint32_t value) {
    return system_call(SYS_futex, word, operation, value, nullptr, nullptr, 0);
}

Waiting::Waiting(Bell bell, clockid_t clock, std::int64_t deadline, void* what) {
    auto& thread = *self;
    thread.clock = clock;
    thread.deadline = deadline;
    thread.what = what;
    thread.bell = bell;
    if (at_work.fetch_sub(1) != 1 || !clock_sleeps) return;
    const int kept = errno;
    __atomic_fetch_add(&clock_word, 1, __ATOMIC_RELEASE);
    futex(&clock_word, FUTEX_WAKE_PRIVATE, 1);
    errno = kept;
}

Waiting::~Waiting() {
    at_work.fetch_add(1);
    returns.fetch_add(1);
    self->bell = Bell::none;
    self->deadline = kNever;
    self->wake_ups.fetch_add(1, std::memory_order_relaxed);
}

void sleep_until(clockid_t clock, std::int64_t deadline) {
    auto& word = self->word;
    word = 0;
    while (time_of(clock) < deadline && __atomic_load_n(&word, __ATOMIC_ACQUIRE) == 0) {
        const Waiting waiting(Bell::word, clock, deadline, &word);
        futex(&word, FUTEX_WAIT, 0);
    }
}

int bell_descriptor() {
    if (self->descriptor < 0) self->descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    drain(self->descriptor);
    return self->descriptor;
}

void follow_socket(int descriptor) {
    // An answer that waits for its predecessor's receipt would take real time.
    const int on = 1;
    const int kept = errno;
    if (::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0)
        follow(descriptor, Kind::socket);
    errno = kept;
}

int make_timer(int flags) {
    const int made = ::eventfd(0, EFD_NONBLOCK | (flags & EFD_CLOEXEC));
    follow(made, Kind::timer);
    return made;
}

bool is_timer(int descriptor) {
    return descriptor >= 0 && std::size_t(descriptor) < kDescriptors &&
           kinds[std::size_t(descriptor)] == Kind::timer;
}

void set_timer(int descriptor, std::int64_t deadline) {
    drain(descriptor);
    const bool over = deadline <= time_of(CLOCK_MONOTONIC);
    timers[std::size_t(descriptor)] = over ? kNever : deadline;
    if (over) make_readable(descriptor);
}

std::int64_t timer(int descriptor) { return timers[std::size_t(descriptor)]; }

void forget(int descriptor) {
    if (descriptor >= 0 && std::size_t(descriptor) < kDescriptors)
        kinds[std::size_t(descriptor)] = Kind::none;
}

Start* about_to_begin(void* (*routine)(void*), void* argument) {
    at_work.fetch_add(1);
    return new Start{routine, argument, int(self->party)};
}

void did_not_begin(Start* start) {
    at_work.fetch_sub(1);
    delete start;
}

void* run_thread(void* given) {
    auto* const start = static_cast<Start*>(given);
    const Start copy = *start;
    delete start;
    auto& thread = enroll(Party(copy.party));
    void* const result = copy.routine(copy.argument);
    discharge(thread);
    // The last one to stop work may be this one; the clock looks by itself after a moment.
    at_work.fetch_sub(1);
    return result;
}

void begin(nanoseconds unix_time, void (*stuck)(const std::string& why)) {
    tell_stuck = stuck;
    world_offset = unix_offset = unix_time.count() - kBooted;
    at_work = 1;
    enroll(Party::world);
    is_active = true;
    pthread_t clock{};
    REAL(pthread_create)(&clock, nullptr, run_clock, nullptr);
    ::pthread_detach(clock);
}

void join(Party party) { self->party = party; }

nanoseconds elapsed() { return nanoseconds(monotonic + slept - kBooted); }
nanoseconds world_time() { return nanoseconds(monotonic + slept + world_offset); }
void step_clock(nanoseconds by) { unix_offset += by.count(); }
void suspend(nanoseconds time) { slept += time.count(); }
std::int64_t jumps() { return jump_count; }

Effort effort(Party party) {
    Effort all{ended_wake_ups[std::size_t(party)], nanoseconds(ended_cpu[std::size_t(party)]), 0};
    for (std::size_t i = 0; i < most_threads; ++i) {
        const auto& thread = threads[i];
        if (thread.taken != 2 || thread.party != party) continue;
        all.wake_ups += thread.wake_ups;
        all.cpu += nanoseconds(real_time(cpu_clock(thread.id)));
        ++all.threads;
    }
    return all;
}

}  // namespace endure::virtual_time

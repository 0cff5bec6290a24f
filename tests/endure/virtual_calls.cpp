// What libc has under these names, by virtual time once it has begun. The program's own definitions
// come first for the shared libraries, too.
#undef _FORTIFY_SOURCE
#include "tests/endure/virtual_engine.hpp"

#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

using namespace endure::virtual_time;

std::int64_t nanoseconds_of(const timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

timespec timespec_of(std::int64_t time) { return {time / kSecond, time % kSecond}; }

bool counts_work(clockid_t clock) {
    return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID || clock < 0;
}

// Unix time is in the thousands of millions of seconds, the time since a start is not.
clockid_t clock_of(std::int64_t deadline) {
    return deadline > 1'000'000'000 * kSecond ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

int wait_for(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
             const timespec* until) {
    const auto deadline = nanoseconds_of(*until);
    if (now(clock) >= deadline) return ETIMEDOUT;
    int result = 0;
    {
        const Waiting waiting(Bell::condition, clock, deadline, condition);
        result = REAL(pthread_cond_wait)(condition, mutex);
    }
    return result == 0 && now(clock) >= deadline ? ETIMEDOUT : result;
}

// 127.0.0.1 is another address of this machine in each process: where a peer has vanished, the port
// is free for other stories, whose peers and miner have the same keys.
class Ours {
public:
    Ours(const sockaddr* address, socklen_t size) : address_(address) {
        if (size < sizeof ours_ || address->sa_family != AF_INET) return;
        std::memcpy(&ours_, address, sizeof ours_);
        if (ntohl(ours_.sin_addr.s_addr) != INADDR_LOOPBACK) return;
        constexpr unsigned kHalf = 1u << 23;  // 127.128.0.0, and what follows
        ours_.sin_addr.s_addr =
            htonl((INADDR_LOOPBACK & 0xff000000) | kHalf | (unsigned(::getpid()) & (kHalf - 1)));
        address_ = reinterpret_cast<const sockaddr*>(&ours_);
    }
    const sockaddr* address() const { return address_; }

private:
    sockaddr_in ours_{};
    const sockaddr* address_;
};

// `ready` asks without waiting how many there are; `block` waits for them or the bell.
template <class Ready, class Block>
int wait_for_events(int timeout_ms, Ready ready, Block block) {
    const auto deadline = now(CLOCK_MONOTONIC) + timeout_ms * (kSecond / 1000);
    for (;;) {
        const int count = ready();
        if (count != 0 || now(CLOCK_MONOTONIC) >= deadline) return count;
        const int bell = bell_descriptor();
        const Waiting waiting(Bell::descriptor, CLOCK_MONOTONIC, deadline);
        if (block(bell) < 0) return -1;
    }
}

// As the kernel has it: a wait for a word, until a moment or for a while.
long wait_for_word(long word, long operation, long value, const timespec* time, long mask) {
    const bool absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    const clockid_t clock =
        absolute && (operation & FUTEX_CLOCK_REALTIME) ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    const auto deadline =
        !time ? kNever : nanoseconds_of(*time) + (absolute ? 0 : now(CLOCK_MONOTONIC));
    if (time && now(clock) >= deadline) {
        errno = ETIMEDOUT;
        return -1;
    }
    long result = 0;
    {
        const Waiting waiting(time ? Bell::word : Bell::events, clock, deadline,
                              reinterpret_cast<void*>(word));
        result = REAL(syscall)(SYS_futex, word, operation, value, nullptr, nullptr, mask);
    }
    if (result == 0 && time && now(clock) >= deadline) {
        errno = ETIMEDOUT;
        return -1;
    }
    return result;
}

}  // namespace

#define VIRTUAL extern "C" __attribute__((visibility("default")))

VIRTUAL int clock_gettime(clockid_t clock, timespec* time) noexcept {
    if (!active() || counts_work(clock)) return REAL(clock_gettime)(clock, time);
    *time = timespec_of(now(clock));
    return 0;
}

VIRTUAL time_t time(time_t* place) noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    if (place) *place = time.tv_sec;
    return time.tv_sec;
}

VIRTUAL int gettimeofday(timeval* time, void*) noexcept {
    timespec exact{};
    ::clock_gettime(CLOCK_REALTIME, &exact);
    *time = {exact.tv_sec, exact.tv_nsec / 1000};
    return 0;
}

VIRTUAL int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
    if (!active()) return REAL(clock_nanosleep)(clock, flags, time, left);
    sleep_until(clock, nanoseconds_of(*time) + (flags & TIMER_ABSTIME ? 0 : now(clock)));
    if (left) *left = {};
    return 0;
}

VIRTUAL int nanosleep(const timespec* time, timespec* left) {
    if (!active()) return REAL(nanosleep)(time, left);
    return ::clock_nanosleep(CLOCK_MONOTONIC, 0, time, left);
}

VIRTUAL int usleep(useconds_t time) {
    const timespec exact = timespec_of(std::int64_t(time) * 1000);
    return ::nanosleep(&exact, nullptr);
}

VIRTUAL unsigned sleep(unsigned seconds) {
    const timespec exact{time_t(seconds), 0};
    return unsigned(::nanosleep(&exact, nullptr));
}

VIRTUAL int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                           void* (*routine)(void*), void* argument) noexcept {
    if (!active()) return REAL(pthread_create)(thread, attributes, routine, argument);
    auto* const start = about_to_begin(routine, argument);
    const int failed = REAL(pthread_create)(thread, attributes, run_thread, start);
    if (failed) did_not_begin(start);
    return failed;
}

VIRTUAL int pthread_join(pthread_t thread, void** result) {
    if (!active()) return REAL(pthread_join)(thread, result);
    const Waiting waiting(Bell::events, CLOCK_MONOTONIC, kNever);
    return REAL(pthread_join)(thread, result);
}

VIRTUAL int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    if (!active()) return REAL(pthread_cond_wait)(condition, mutex);
    const Waiting waiting(Bell::events, CLOCK_MONOTONIC, kNever);
    return REAL(pthread_cond_wait)(condition, mutex);
}

VIRTUAL int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                   const timespec* until) {
    if (!active()) return REAL(pthread_cond_timedwait)(condition, mutex, until);
    return wait_for(condition, mutex, clock_of(nanoseconds_of(*until)), until);
}

VIRTUAL int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                   clockid_t clock, const timespec* until) {
    if (!active()) return REAL(pthread_cond_clockwait)(condition, mutex, clock, until);
    return wait_for(condition, mutex, clock, until);
}

VIRTUAL int epoll_wait(int set, epoll_event* events, int most, int timeout) {
    const auto call = REAL(epoll_wait);
    if (!active() || timeout == 0) return call(set, events, most, timeout);
    if (timeout < 0) {
        const Waiting waiting(Bell::events, CLOCK_MONOTONIC, kNever);
        return call(set, events, most, -1);
    }
    return wait_for_events(
        timeout, [&] { return call(set, events, most, 0); },
        [&](int bell) {
            pollfd both[] = {{set, POLLIN, 0}, {bell, POLLIN, 0}};
            return REAL(poll)(both, 2, -1);
        });
}

VIRTUAL int poll(pollfd* places, nfds_t count, int timeout) {
    const auto call = REAL(poll);
    if (!active() || timeout == 0) return call(places, count, timeout);
    if (timeout < 0) {
        const Waiting waiting(Bell::events, CLOCK_MONOTONIC, kNever);
        return call(places, count, -1);
    }
    return wait_for_events(
        timeout, [&] { return call(places, count, 0); },
        [&](int bell) {
            std::vector<pollfd> all(places, places + count);
            all.push_back({bell, POLLIN, 0});
            return call(all.data(), all.size(), -1);
        });
}

// Timers are descriptors that this process makes readable itself.
VIRTUAL int timerfd_create(int clock, int flags) noexcept {
    return active() ? make_timer(flags) : REAL(timerfd_create)(clock, flags);
}

VIRTUAL int timerfd_settime(int descriptor, int flags, const itimerspec* time,
                            itimerspec* before) noexcept {
    if (!is_timer(descriptor)) return REAL(timerfd_settime)(descriptor, flags, time, before);
    const auto value = nanoseconds_of(time->it_value);
    const auto present = now(CLOCK_MONOTONIC);
    if (before) {
        const auto deadline = timer(descriptor);
        *before = {};
        if (deadline != kNever)
            before->it_value = timespec_of(std::max<std::int64_t>(1, deadline - present));
    }
    set_timer(descriptor, value == 0 ? kNever : value + (flags & TFD_TIMER_ABSTIME ? 0 : present));
    return 0;
}

VIRTUAL int close(int descriptor) {
    forget(descriptor);
    return REAL(close)(descriptor);
}

VIRTUAL int connect(int descriptor, const sockaddr* address, socklen_t size) {
    if (active()) follow_socket(descriptor);
    const Ours ours(address, size);
    return REAL(connect)(descriptor, ours.address(), size);
}

VIRTUAL int bind(int descriptor, const sockaddr* address, socklen_t size) {
    const Ours ours(address, size);
    return REAL(bind)(descriptor, ours.address(), size);
}

VIRTUAL int accept(int descriptor, sockaddr* address, socklen_t* size) {
    const int made = REAL(accept)(descriptor, address, size);
    if (active() && made >= 0) follow_socket(made);
    return made;
}

VIRTUAL int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
    const int made = REAL(accept4)(descriptor, address, size, flags);
    if (active() && made >= 0) follow_socket(made);
    return made;
}

// The words that std::future and std::atomic wait for.
VIRTUAL long syscall(long number, ...) noexcept {
    va_list list;
    va_start(list, number);
    long words[6];
    for (long& word : words) word = va_arg(list, long);
    va_end(list);
    const long command = words[1] & FUTEX_CMD_MASK;
    if (!active() || number != SYS_futex || (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET))
        return REAL(syscall)(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    return wait_for_word(words[0], words[1], words[2], reinterpret_cast<const timespec*>(words[3]),
                         command == FUTEX_WAIT_BITSET ? words[5] : 0);
}

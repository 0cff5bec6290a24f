// What virtual_calls.cpp, which stands in for libc, needs of virtual_time.cpp.
#pragma once

#include <dlfcn.h>
#include <pthread.h>
#include <sys/types.h>
#include <time.h>

#include <cerrno>
#include <cstdint>
#include <limits>

namespace endure::virtual_time {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// libc's own.
#define REAL(name)                                                                                \
    ([]() -> decltype(&::name) {                                                                  \
        static const auto found = reinterpret_cast<decltype(&::name)>(::dlsym(RTLD_NEXT, #name)); \
        return found;                                                                             \
    }())

bool active();

// By this clock, in nanoseconds; goes on a little with each call, so that no two moments are one.
// Clocks that count processor time are not for here.
std::int64_t now(clockid_t clock);

// How a thread that waits is woken when its time is up.
enum class Bell {
    none,    // it works
    events,  // not at all: it waits for others, as for its timers' descriptors
    word,    // the futex that it sleeps by
    condition,
    descriptor,
};

// Of the calling thread, from its making to its end. Leaves errno as it was.
class Waiting {
public:
    Waiting(Bell bell, clockid_t clock, std::int64_t deadline, void* what = nullptr);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
};

// Sleeps until then by the clock.
void sleep_until(clockid_t clock, std::int64_t deadline);

// The caller's, which Bell::descriptor makes readable; to be emptied by the caller.
int bell_descriptor();

long futex(void* word, int operation, std::uint32_t value);

// Descriptors that count: sockets of TCP, whose bytes may be under way, and timers.
void follow_socket(int descriptor);
int make_timer(int flags);
bool is_timer(int descriptor);
void set_timer(int descriptor, std::int64_t deadline);  // by CLOCK_MONOTONIC
std::int64_t timer(int descriptor);
void forget(int descriptor);  // before it is closed

// A thread that the caller begins; what is handed to the new one.
struct Start {
    void* (*routine)(void*) = nullptr;
    void* argument = nullptr;
    int party = 0;
};
Start* about_to_begin(void* (*routine)(void*), void* argument);
void did_not_begin(Start* start);
void* run_thread(void* start);

}  // namespace endure::virtual_time

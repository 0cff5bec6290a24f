// A process whose time is virtual: it stands while any thread works, and jumps to the next thing
// that somebody waits for once all of them sleep. So hours pass in seconds, a slow machine makes
// them no shorter, and nothing depends on a quick one. What programs ask libc about time and wait
// by is answered here (virtual_calls.cpp), for the shared libraries too.
//
// Whether a thread sleeps is the kernel's to say (/proc/self/task/*/stat): one that was just woken
// counts as at work.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace endure::virtual_time {

using std::chrono::nanoseconds;

// Whose thread: the miner's, or the rest of the world's. Threads are of those who begin them.
enum class Party { world, miner };

// What a party did so far.
struct Effort {
    std::int64_t wake_ups = 0;  // waits that ended
    nanoseconds cpu{0};
    int threads = 0;  // now
};

// From here on, before other threads begin; the caller's thread counts, too. `stuck` is told, on a
// thread of its own, when time cannot go on: all sleep and nothing will wake them, or somebody
// computes for minutes. The process ends after that.
void begin(nanoseconds unix_time, void (*stuck)(const std::string& why));

// Of the calling thread and those that it begins.
void join(Party party);

nanoseconds elapsed();     // since begin(), the time that the machine slept included
nanoseconds world_time();  // Unix time as everybody else has it

// CLOCK_REALTIME alone is set forward or back. By a thread that is at work.
void step_clock(nanoseconds by);
// The machine sleeps for so long: CLOCK_BOOTTIME and CLOCK_REALTIME go on, CLOCK_MONOTONIC stands.
void suspend(nanoseconds time);

Effort effort(Party party);
std::int64_t jumps();  // of time, so far

}  // namespace endure::virtual_time

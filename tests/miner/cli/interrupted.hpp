// A command that is interrupted while a scripted generator works for it.
#pragma once

#include "tests/support/fake_generator.hpp"

#include <csignal>
#include <cstdio>
#include <thread>

#include <unistd.h>

namespace tests {

// Called on the thread of the command, which is its io: the stage 1 of that number, from 0, brings
// SIGINT, and ends by its stop alone. On which thread that came is said on standard error.
inline void interrupt_at(Script& script, int number) {
    script.at_stop = [io = std::this_thread::get_id()] {
        const bool here = std::this_thread::get_id() == io;
        std::fputs(here ? "told to stop on io\n" : "told to stop elsewhere\n", stderr);
    };
    script.at_stage1 = [&script, number](int begun) {
        if (begun != number) return;
        script.held = true;
        ::kill(::getpid(), SIGINT);
    };
}

}  // namespace tests

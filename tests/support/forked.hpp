// A function of ours as a process of its own, for what prints and ends as a program does.
#pragma once

#include "tests/support/process.hpp"

#include <functional>

namespace tests {

// What it returns is the exit status. No thread may be running here; throws when it outlives
// kLongestWait, after which it is killed. What it puts among temporary files is removed after its
// end, however it ends.
Outcome run_forked(const std::function<int()>& program);

}  // namespace tests

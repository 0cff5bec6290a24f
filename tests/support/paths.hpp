#pragma once

#include <string>
#include <string_view>

namespace tests {

// A file of the project's checkout by its path there: "tests/golden/tiny". What a test is compiled
// with names no folder of this machine, so that a compiler cache serves every checkout; one source
// file knows them.
std::string project_path(std::string_view relative);

// The miner that was built beside the tests; "" in a build without it.
const std::string& miner_binary();

// The Python that the build found.
const std::string& python();

}  // namespace tests

#include "tests/support/paths.hpp"

#include <cstdlib>

namespace tests {
namespace {

// Where this program was built, unless the environment says otherwise: then it was carried here.
std::string found(const char* variable, const char* built) {
    const char* carried = std::getenv(variable);
    return carried ? carried : built;
}

}  // namespace

std::string project_path(std::string_view relative) {
    static const std::string root = found("MINER_TEST_PROJECT", MINER_PROJECT) + "/";
    return std::string(root).append(relative);
}

const std::string& miner_binary() {
    static const std::string path = found("MINER_TEST_BINARY", MINER_BINARY);
    return path;
}

const std::string& python() {
    static const std::string path = found("MINER_TEST_PYTHON", MINER_PYTHON);
    return path;
}

}  // namespace tests

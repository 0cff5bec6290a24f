#include "tests/support/paths.hpp"

namespace tests {

std::string project_path(std::string_view relative) {
    return std::string(MINER_PROJECT "/").append(relative);
}

const std::string& miner_binary() {
    static const std::string path = MINER_BINARY;
    return path;
}

const std::string& python() {
    static const std::string path = MINER_PYTHON;
    return path;
}

}  // namespace tests

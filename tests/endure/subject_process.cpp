#include "tests/endure/subject.hpp"

#include <cstdlib>
#include <stdexcept>

namespace endure {
namespace {

// In memory, where there is such a place: thousands of syncs of a disk that is none cost nothing.
fs::path quick_folder() {
    std::error_code ignored;
    const fs::path memory = "/dev/shm";
    return fs::is_directory(memory, ignored) ? memory : fs::temp_directory_path();
}

}  // namespace

fs::path beside(const char* name) {
    return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

Place::Place() {
    auto pattern = (quick_folder() / "miner-endure-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no folder " + pattern);
    path_ = pattern;
    fs::create_directory(data());
}

Place::~Place() {
    std::error_code ignored;
    if (!kept_) fs::remove_all(path_, ignored);
}

tests::Command Place::subject(std::vector<std::string> words) const {
    return {.program = beside("endure_subject").string(),
            .arguments = std::move(words),
            .environment = {{"HOME", path_.string()}},
            .input = {},
            .folder = path_,
            .largest_file = {}};
}

tests::Command Place::traced(std::vector<std::string> words, const Cut& cut) const {
    auto command = subject(std::move(words));
    auto& environment = command.environment;
    environment["LD_PRELOAD"] = beside("liblossy_shim.so").string();
    environment[kTracedFolder] = data().string();
    environment[kTraceFile] = trace().string();
    environment[kCutAt] = std::to_string(cut.at);
    if (cut.half) environment[kHalf] = "1";
    if (cut.linger_us >= 0) environment[kLinger] = std::to_string(cut.linger_us);
    return command;
}

}  // namespace endure

#include "tests/endure/subject_process.hpp"

#include "network/base64.hpp"
#include "tests/support/fake_generator.hpp"
#include "tests/support/vectors.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace endure {
namespace {

constexpr const char* kShim = "shim.so";

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
    // LD_PRELOAD ends a name at a blank, which the project's own folder may have.
    fs::create_symlink(beside("liblossy_shim.so"), path_ / kShim);
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
    environment["LD_PRELOAD"] = (path_ / kShim).string();
    environment[kTracedFolder] = data().string();
    environment[kTraceFile] = trace().string();
    environment[kCutAt] = std::to_string(cut.at);
    if (cut.half) environment[kHalf] = "1";
    if (cut.linger_us >= 0) environment[kLinger] = std::to_string(cut.linger_us);
    return command;
}

KeyFile recorded_key_file() {
    const auto& key = tests::vectors("keyfile.json").at("plain").as_array().at(0);
    return {tests::text(key, "content_text"), tests::text(key, "ss58"), {}};
}

KeyFile recorded_sealed_key_file() {
    const auto& key = tests::vectors("keyfile.json").at("encrypted").as_array().at(0);
    const auto bytes = tests::base64(key, "file_base64");
    return {
        {bytes.begin(), bytes.end()}, recorded_key_file().address, tests::text(key, "password")};
}

std::string write_wallet(const Place& place, const KeyFile& key) {
    const auto file = place.path() / "wallets" / "cold" / "hotkeys" / "hot";
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << key.content;
    fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
    return key.address;
}

network::Task image_task(const std::string& id) {
    return {network::TaskKind::image, id, network::base64_encode(tests::small_png())};
}

std::vector<std::string> run_words(const Place& place) {
    return {"run",
            "--storage.path",
            place.storage(),
            "--wallet.path",
            place.path() / "wallets",
            "--wallet.name",
            "cold",
            "--wallet.hotkey",
            "hot",
            "--generator.seed",
            "1",
            "--gate.min_gaussians",
            "3200",
            "--gate.floor",
            "320",
            "--run.grace",
            "600",
            "--score.model",
            ""};
}

std::vector<std::string> mining_words(const Place& place, const std::vector<network::Peer>& peers) {
    auto words = run_words(place);
    words.insert(words.end(), {"--schedule.idle", "0.02", "--schedule.failure_delay", "1",
                               "--schedule.validation_lock", "0.1", "--schedule.pull_timeout", "60",
                               "--schedule.submit_timeout", "60", "--validators"});
    for (const auto& peer : peers)
        words.push_back(peer.hotkey + "@127.0.0.1:" + std::to_string(peer.port));
    return words;
}

}  // namespace endure

// A machine of its own for the real miner: a home with a wallet, and validators in this process.
#pragma once

#include "miner/rehearsal/judge.hpp"
#include "network/base64.hpp"
#include "network/simulator/validator.hpp"
#include "tests/network/keys.hpp"
#include "tests/storage/outsider.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/vectors.hpp"

#include <boost/json/parse.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

namespace tests {

namespace fs = std::filesystem;

// Nothing here takes so long unless it hangs, not even on a machine that is busy with other things.
// Less than ctest's TIMEOUT, so that a test tells what it waited for.
constexpr std::chrono::minutes kPatience{25};

inline std::string read_text(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

inline std::vector<std::uint8_t> read_bytes(const fs::path& file) {
    const auto text = read_text(file);
    return {text.begin(), text.end()};
}

inline void write_text(const fs::path& file, std::string_view content) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

// 3500 voxels with the embedded model: the quickest that is more than a blot.
inline fs::path quick_picture() { return project_path("ops/rehearsal/22_gray_airplane.png"); }

inline network::Task quick_task(const std::string& id) {
    return {network::TaskKind::image, id, network::base64_encode(read_bytes(quick_picture()))};
}

// With these a task is at work on for longer than any test takes to notice: ten attempts at what no
// gate lets through.
inline const std::vector<std::string> kSlow{"--gate.min_gaussians", "10000000", "--gate.attempts",
                                            "10"};

// Looks now and then until `holds`, or time is over.
inline bool comes_true(const std::function<bool()>& holds,
                       std::chrono::milliseconds limit = kPatience) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

class Scene {
public:
    using Words = std::vector<std::string>;

    Scene() {
        // As bittensor-wallet wrote it: words, seed, private key, everything.
        const auto& key = vectors("keyfile.json").at("plain").as_array().at(0);
        const auto content = base64(key, "content_base64");
        hotkey_ = text(key, "ss58");
        write_text(key_file(), {reinterpret_cast<const char*>(content.data()), content.size()});
        REQUIRE(::chmod(key_file().c_str(), 0600) == 0);
    }

    fs::path home() const { return folder_.path(); }
    fs::path key_file() const { return home() / "wallets/cold/hotkeys/hot"; }
    fs::path storage() const { return home() / "storage"; }
    const std::string& hotkey() const { return hotkey_; }

    // The miner with these words, on a machine that knows nothing else.
    Command miner(Words words, std::map<std::string, std::string> environment = {}) const {
        environment.emplace("HOME", home().string());
        environment.emplace("XDG_DATA_HOME", (home() / "data").string());
        // The same tests with another model, or on another device: ops/gpu/proof.py.
        for (const char* name : {"MINER_GENERATOR_DEVICE", "MINER_GENERATOR_MODEL"})
            if (const char* value = std::getenv(name)) environment.emplace(name, value);
        return {.program = tests::miner_binary(),
                .arguments = std::move(words),
                .environment = std::move(environment),
                .input = {},
                .folder = home(),
                .largest_file = {}};
    }

    Outcome ask(Words words, std::map<std::string, std::string> environment = {}) const {
        return run_to_end(miner(std::move(words), std::move(environment)), kPatience);
    }

    // `miner run` from all validators that were added, with waits fit for a test. Time limits are
    // such that a busy machine changes nothing; `more` comes last and beats them.
    Command mining(Words more = {}) const {
        Words words{"run",
                    "--storage.path",
                    storage(),
                    "--wallet.path",
                    home() / "wallets",
                    "--wallet.name",
                    "cold",
                    "--wallet.hotkey",
                    "hot",
                    "--generator.seed",
                    "1",
                    "--generator.deadline",
                    "3600",
                    "--gate.min_gaussians",
                    "50000",
                    "--schedule.idle",
                    "0.1",
                    "--schedule.failure_delay",
                    "1",
                    "--schedule.validation_lock",
                    "0.5",
                    "--schedule.pull_timeout",
                    "60",
                    "--schedule.submit_timeout",
                    "60",
                    "--run.grace",
                    "600"};
        if (!peers_.empty()) words.push_back("--validators");
        words.insert(words.end(), peers_.begin(), peers_.end());
        words.insert(words.end(), more.begin(), more.end());
        return miner(std::move(words));
    }

    // Hands out the tasks with cool-downs of moments. `judging`, if any, is called on the
    // validator's thread with each submission that is to be scored.
    network::LocalValidator& add_validator(std::vector<network::Task> tasks,
                                           std::vector<network::LocalValidator::Fault> faults = {},
                                           int fault_every = 1,
                                           std::function<void(const network::Task&)> judging = {}) {
        network::LocalValidator::Options options;
        options.tasks = std::move(tasks);
        options.time_scale = 0.001;
        options.faults = std::move(faults);
        options.fault_every = fault_every;
        options.miners = {hotkey_};
        auto judge = [judging = std::move(judging)](const network::Task& task,
                                                    const std::vector<std::uint8_t>& spz) {
            if (judging) judging(task);
            return miner::judge_spz(task, spz, {}, 50'000);
        };
        network::Secret<32> seed;
        seed.bytes()[0] = std::uint8_t(100 + validators_.size());
        validators_.push_back(network::LocalValidator::start(network::Keypair::from_seed(seed),
                                                             judge, std::move(options))
                                  .value());
        const auto peer = validators_.back()->peer();
        add_peer(peer.hotkey, peer.port);
        return *validators_.back();
    }

    void add_peer(const std::string& hotkey, std::uint16_t port) {
        peers_.push_back(hotkey + "@127.0.0.1:" + std::to_string(port));
    }

    // Forgets the peers so far: the chain is to name them.
    void leave_to_chain() { peers_.clear(); }

    Outsider database() const { return Outsider(storage() / "miner.db"); }
    std::int64_t number(const std::string& sql) const { return database().number(sql); }
    std::string word(const std::string& sql) const { return database().word(sql); }

    std::string log() const { return read_text(storage() / "miner.log"); }

    // What an orderly end leaves: nothing half-written, every run closed. Before any other question
    // to the database, as a reader leaves a file of its own beside it.
    void check_clean() const {
        CHECK_FALSE(fs::exists(storage() / "miner.db-wal"));
        CHECK(word("PRAGMA integrity_check") == "ok");
        CHECK(number("SELECT count(*) FROM pragma_foreign_key_check") == 0);
        CHECK(number("SELECT ended_at IS NOT NULL FROM runs ORDER BY id DESC LIMIT 1") == 1);
    }

private:
    TemporaryFolder folder_;
    std::string hotkey_;
    std::vector<std::unique_ptr<network::LocalValidator>> validators_;
    Words peers_;
};

inline std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

inline auto contains(const std::string& text) { return Catch::Contains(text); }

}  // namespace tests

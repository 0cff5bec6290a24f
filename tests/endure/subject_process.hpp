// The program under test beside this one, and how it is started.
#pragma once

#include "network/subnet/messages.hpp"
#include "tests/endure/lossy_trace.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace endure {

namespace fs = std::filesystem;

constexpr auto kPatience = tests::kLongestWait;

// Where and how a traced process is cut off; no `at`: it is not.
struct Cut {
    long at = 0;          // number of the change, from 1
    bool half = false;    // of it, where it is a write
    long linger_us = -1;  // negative: at once
};

// A folder of its own: wallets of nobody, what is kept (the only part that is traced), the trace.
class Place {
public:
    Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();  // removes it, unless it is to be looked at

    void keep() { kept_ = true; }
    const fs::path& path() const { return path_; }
    fs::path data() const { return path_ / "data"; }  // traced
    fs::path storage() const { return data() / "kept" / "miner"; }
    fs::path trace() const { return path_ / "trace"; }

    // `endure_subject` with these words.
    tests::Command subject(std::vector<std::string> words) const;
    // The same, traced.
    tests::Command traced(std::vector<std::string> words, const Cut& cut) const;

private:
    fs::path path_;
    bool kept_ = false;
};

// A hotkey as bittensor-wallet wrote it down, whom it is, and the password where it has one.
struct KeyFile {
    std::string content, address, password;
};
KeyFile recorded_key_file();
KeyFile recorded_sealed_key_file();

// The wallet that mining_words() names; returns its address.
std::string write_wallet(const Place& place, const KeyFile& key);

// A task with a picture that is quick to read.
network::Task image_task(const std::string& id);

// `miner run` with that wallet and that folder, and with a gate for what a scripted generator
// makes.
std::vector<std::string> run_words(const Place& place);

// The same with these validators, and with waits fit for a test.
std::vector<std::string> mining_words(const Place& place, const std::vector<network::Peer>& peers);

// Beside this program.
fs::path beside(const char* name);

}  // namespace endure

// The record of a batch: a line of JSON for each input, in the folder of the results. What is made
// once more from a line's input, seed and settings has its SHA-256 on the same kind of device.
#pragma once

#include "config/descriptor.hpp"
#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

struct ManifestLine {
    std::string input;   // as BatchInput::label
    std::string origin;  // likewise
    bool is_prompt = false;
    std::string content;  // SHA-256 of the picture's file or of the prompt; empty: it was not read
    std::uint64_t seed = 0, batch_seed = 0;
    std::string settings;  // hash of what decides the bytes
    std::string outcome;   // as storage::name has it: "passed", "rejected", "error", ...
    std::string error;     // why there is no result; empty: there is one
    int attempts = 0;
    std::int64_t gaussians = -1;  // in the file; negative: there is none
    std::optional<double> score;  // where a scorer is there
    std::string scorer;
    std::string file;  // in the folder; empty: none
    std::int64_t bytes = 0;
    std::string sha256;  // of the file
    std::int64_t milliseconds = 0;
    // What made it, or tried last: "cuda:0", or a remote backend's address; "none": nothing did.
    std::string device;
    std::string weights;  // of the model there, as weights_digest() has it; empty: not known
    std::string version;  // of miner

    bool has_result() const { return !file.empty(); }
    // Also where there is nothing to write: the gate let nothing pass.
    bool is_decided() const { return has_result() || outcome == "rejected"; }
};

// Without its newline, which no value brings either.
std::string manifest_text(const ManifestLine& line);

// Nothing for what is not such a line, or names a file that is none of the folder's own.
std::optional<ManifestLine> parse_manifest(std::string_view text);

struct ReadManifest {
    std::vector<ManifestLine> lines;
    std::vector<std::size_t> damaged;  // their numbers, from 1; a torn last one is not among them
};

// Nothing in it when there is no such file. Fails with BatchErrc::unreadable and too_large.
config::Result<ReadManifest> read_manifest(const std::filesystem::path& path);

// Blocking; one thread at a time.
class ManifestFile {
public:
    // Begins anew with these lines, in place of what was there, or not at all; written as
    // config::write_durably does. Fails with the system's error.
    static config::Result<ManifestFile> create(const std::filesystem::path& path,
                                               std::span<const ManifestLine> lines,
                                               const std::filesystem::path& temporary_folder = {});

    // On the disk when it returns. Fails with the system's error; nothing is added then.
    config::Result<void> add(const ManifestLine& line);

private:
    ManifestFile(config::OwnedDescriptor file, std::filesystem::path path, std::int64_t size)
        : file_(std::move(file)), path_(std::move(path)), size_(size) {}

    config::OwnedDescriptor file_;
    std::filesystem::path path_;
    std::int64_t size_;  // whole lines
};

// The file that `lines` make, whole; written as config::write_durably does.
config::Result<void> write_manifest(const std::filesystem::path& path,
                                    std::span<const ManifestLine> lines,
                                    const std::filesystem::path& temporary_folder = {});

}  // namespace miner

// A folder as a file system keeps it: what is on the disk for good, and what a power cut may still
// take away. Built from the folder as it was before a program ran and from the trace of that
// program (lossy_shim.cpp); tells what any cut between two changes leaves.
#pragma once

#include "tests/endure/lossy_trace.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace endure {

// What is lost of what was not synced. POSIX promises no more than `some`; file systems with a
// journal keep names in the order in which they were changed, as `tail` has it.
enum class Loss {
    none,  // the process was killed, the machine goes on
    all,
    tail,  // the newest changes, from one on
    some,  // each for itself, sector by sector
};
std::string_view name(Loss loss);

using NodeId = std::uint64_t;
constexpr NodeId kRoot = 0;  // the folder itself

struct Node {
    bool folder = false;
    std::string content;                  // of a file
    std::map<std::string, NodeId> names;  // of a folder
};
using Tree = std::map<NodeId, Node>;

class LossyDisk {
public:
    // The folder as it is, all of it on the disk. It is there.
    explicit LossyDisk(const std::filesystem::path& folder);

    // What a program did to it. Throws when the trace does not fit the folder.
    void read(const std::filesystem::path& trace);

    std::size_t changes() const { return steps_.size(); }
    // Of the marks before so many changes, in one text.
    std::string marks(std::size_t changes) const;
    // What one change was, for a person.
    std::string describe(std::size_t change) const;

    // What a cut after so many changes leaves.
    Tree after_cut(std::size_t changes, Loss loss, std::mt19937& random) const;

private:
    struct Step {
        Change change{};
        NodeId node = 0;  // written, truncated, synced, created, removed, renamed
        NodeId folder = 0, to_folder = 0;
        std::string name, to_name;
        std::int64_t offset = 0;
        std::string bytes;
    };

    NodeId scan(const std::filesystem::path& path);
    void resolve(const TraceHead& head, std::string_view path, std::string_view second,
                 std::string bytes);
    NodeId node_of(std::uint64_t inode) const;
    std::pair<NodeId, std::string> place_of(std::string_view path) const;

    std::filesystem::path folder_;
    Tree before_, now_;
    std::map<std::uint64_t, NodeId> by_inode_;
    NodeId next_ = kRoot;
    std::vector<Step> steps_;
};

// Makes the folder hold just that.
void put_back(const Tree& tree, const std::filesystem::path& folder);

// Where the folder differs from the tree: names, or "" when it does not. SQLite's -shm is left out:
// it is memory that processes share, and is written by no call.
std::string difference(const Tree& tree, const std::filesystem::path& folder);

}  // namespace endure

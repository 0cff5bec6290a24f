// What results are called, and what is drawn for them. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace miner {

// One part of a path, whatever the text is: it neither leaves its folder nor hides in it, and every
// file system takes it. Letters of any writing stay; at most 80 bytes; never empty.
std::string safe_name(std::string_view text);

// Whether a name that somebody else wrote is such a part, before a file of that name is opened.
bool is_safe_name(std::string_view name);

// Names of which no two are the same, also where A and a are.
class NameBook {
public:
    // False when it is taken already.
    bool reserve(std::string_view name);

    // The name, or with the lowest number behind it, "-2" or more, that is not taken.
    std::string unique(const std::string& name);

    // Names that were looked at so far.
    std::size_t tries() const { return tries_; }

private:
    std::set<std::string> taken_;
    std::map<std::string, std::size_t> next_;  // number to try behind a folded name
    std::size_t tries_ = 0;
};

// The seed for an input, from 0 to 2^52 - 1: by the batch's and by what the input is, as the
// SHA-256 of the picture's file or of the prompt tells it. Neither its name nor its place in a list
// nor when it is made counts, so that one result can be made again from its input and one number.
std::uint64_t seed_for(std::uint64_t batch_seed, std::string_view content_sha256);

}  // namespace miner

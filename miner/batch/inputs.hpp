// What a batch is made of: a folder of pictures, a list, or a CSV of pictures and prompts.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace miner {

constexpr std::size_t kMostInputs = 100'000;
constexpr std::size_t kLongestPrompt = 4096;  // bytes; more than any model reads
constexpr std::size_t kMaxPictureBytes = 20 << 20;

struct BatchInput {
    // A picture's path as it was listed, made printable; or the prompt itself.
    std::string label;
    bool is_prompt = false;
    std::filesystem::path file;  // of a picture
    // What results are named after, as it was found: any text, and maybe another's, too.
    std::string name;
    // Tells the folder or list that it is of from any other; empty where none was read.
    std::string origin = {};
    std::optional<std::uint64_t> seed;  // of its own, in place of one that is drawn
    std::string fault;                  // why nothing can be made of it; empty: nothing is known
};

// A folder: its pictures by the ends of their names, in the order of their names; what begins with
// a dot is passed over, and so are folders in it.
//
// A name that ends in .csv: a header with at least one of `picture` (or image, file, path) and
// `prompt`, and maybe `name` and `seed`; other columns do not matter.
//
// Any other file: a line an input: what ends as a picture's name does is one (of a kind that is not
// read, with a fault), anything else a prompt; blank lines and those that begin with # are none.
//
// Paths count from the folder that the list is in. A line of which nothing can be made has a
// `fault`, and is skipped later. Fails with BatchErrc when there is no such thing, nothing in it,
// or too much.
config::Result<std::vector<BatchInput>> read_inputs(const std::filesystem::path& path);

// The same of a list's or a CSV's text. Pure.
config::Result<std::vector<BatchInput>> inputs_of_list(std::string_view text,
                                                       const std::filesystem::path& folder);
config::Result<std::vector<BatchInput>> inputs_of_csv(std::string_view text,
                                                      const std::filesystem::path& folder);

// Whether a file of this name is meant as a picture.
bool has_picture_ending(std::string_view name);

// What in a folder are pictures of kinds that are not read, by the ends of their names: "3 .avif,
// 12 .heic". Empty where there are none, or no such folder.
std::string unread_pictures(const std::filesystem::path& folder);

}  // namespace miner

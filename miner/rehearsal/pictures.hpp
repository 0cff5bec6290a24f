// What the rehearsal hands out: the embedded pictures, or those of a folder.
#pragma once

#include "config/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace miner {

struct NamedPicture {
    std::string name;
    std::vector<std::uint8_t> bytes;
    std::vector<int> objects;  // of ops/nano/shapes.py that it shows: one, or none is known
};

// Two dozen and more objects that the embedded model knows, in an order that shows every outcome of
// a retry early (ops/rehearsal).
std::vector<NamedPicture> embedded_pictures();

// The picture files of a folder, by name. What is not a picture is for the miner to find out.
// Fails with generator::Errc::missing_file: no such folder, nothing in it, a file that cannot be
// read.
config::Result<std::vector<NamedPicture>> pictures_in(const std::string& folder);

}  // namespace miner

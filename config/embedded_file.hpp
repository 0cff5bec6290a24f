// A file inside the executable. miner_embed (ops/cmake/embed.cmake) puts tables of them there, by
// the name that it was given:
//     extern "C" const config::EmbeddedFile NAME[];
//     extern "C" const std::uint64_t NAME_count;
#pragma once

#include <cstdint>

namespace config {

// As the assembly lays it out.
struct EmbeddedFile {
    const char* name;  // without its folder
    const unsigned char* data;
    std::uint64_t size;
};

}  // namespace config

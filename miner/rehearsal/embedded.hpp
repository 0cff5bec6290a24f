// Files inside the executable, as miner_embed (ops/cmake/embed.cmake) puts them there.
#pragma once

#include <cstdint>

namespace miner {

struct EmbeddedFile {
    const char* name;  // without its folder
    const unsigned char* data;
    std::uint64_t size;
};

}  // namespace miner

extern "C" const miner::EmbeddedFile miner_rehearsal_pictures[];
extern "C" const std::uint64_t miner_rehearsal_pictures_count;
extern "C" const miner::EmbeddedFile miner_rehearsal_prompts[];
extern "C" const std::uint64_t miner_rehearsal_prompts_count;
extern "C" const miner::EmbeddedFile miner_rehearsal_letters[];
extern "C" const std::uint64_t miner_rehearsal_letters_count;

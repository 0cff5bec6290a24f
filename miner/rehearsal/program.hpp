// What a rehearsal hands out, and what is known of it.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "miner/rehearsal/progress.hpp"
#include "network/subnet/messages.hpp"

#include <map>
#include <string>
#include <vector>

namespace miner {

struct Program {
    std::vector<network::Task> tasks;                 // in the order in which they are handed out
    std::map<std::string, Progress::Name> names;      // of each task id
    std::map<std::string, std::vector<int>> objects;  // likewise; empty: the truth is not known
};

// As many tasks as the settings ask for: embedded prompts, and pictures, embedded or of a folder.
// Their objects are known for the embedded model alone: what another makes of the same task may be
// as good, and face elsewhere. Fails as pictures_in() does.
config::Result<Program> make_program(const config::Settings& settings);

}  // namespace miner

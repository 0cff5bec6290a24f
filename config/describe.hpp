// The table of settings in words: for `miner config --print`, for programs, as a settings file to
// begin with, and for ops/docs/settings.md.
#pragma once

#include "config/load.hpp"

#include <string>

namespace config {

// Every key with value, origin and meaning, aligned, one line each; warnings are left to the
// caller.
std::string settings_text(const Loaded& loaded);

// {"version": ..., "file": ..., "hash": ..., "settings": [{"key": ..., "value": ..., "origin": ...,
// ...}], "warnings": [...]}
std::string settings_json(const Loaded& loaded);

// A settings file with every key: commented out, at its default, under what it means. Read as it is
// it changes nothing, and neither does it with every "#" before a key taken away.
std::string settings_toml();

// The whole of ops/docs/settings.md, from the defaults; a test keeps the file equal to it.
std::string settings_markdown();

}  // namespace config

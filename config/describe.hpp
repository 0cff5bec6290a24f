// The table of settings in words: for `miner config --print`, for programs, and for
// ops/docs/settings.md.
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

// The whole of ops/docs/settings.md, from the defaults; a test keeps the file equal to it.
std::string settings_markdown();

}  // namespace config

// What went wrong, as a program says it on standard error.
#pragma once

#include "config/result.hpp"

#include <string_view>

namespace miner {

// "miner: WHAT: ERROR", printable, and without the keys of addresses.
void complain(std::string_view what, const config::Error& error);

}  // namespace miner

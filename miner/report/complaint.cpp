#include "miner/report/complaint.hpp"

#include "config/escape.hpp"
#include "config/veil.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace miner {

void complain(std::string_view what, const config::Error& error) {
    fmt::print(stderr, "miner: {}: {}\n", config::printable(what),
               config::printable(config::veiled(error.message())));
}

}  // namespace miner

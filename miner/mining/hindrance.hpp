// Why nothing can be earned just now. Told by whoever finds out, shown by /health, /ready and the
// page.
#pragma once

#include <string>

namespace miner {

struct Hindrance {
    std::string why;     // in words for everybody, with a remedy; empty: nothing is in the way
    std::string detail;  // for the operator: addresses, paths

    bool operator==(const Hindrance&) const = default;
};

}  // namespace miner

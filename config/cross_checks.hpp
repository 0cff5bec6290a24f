// What settings say about one another, after every layer has been read: parts of load.
#pragma once

#include "config/load.hpp"

namespace config {

// The network when nobody named one (netuid 220: test), and which of network and endpoint counts
// when both were named.
void settle_network(Loaded& loaded, const Environment& environment, Faults& faults);

// Adds faults for settings that contradict one another, and warnings for those that will hardly be
// meant.
void cross_check(Loaded& loaded, Faults& faults);

}  // namespace config

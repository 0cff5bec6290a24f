// The setting `validators`: whom the operator names, in place of the chain's validators or besides
// them. Pure; any thread.
#pragma once

#include "config/result.hpp"
#include "miner/mining/schedule.hpp"

#include <string>
#include <vector>

namespace miner {

struct NamedValidators {
    std::vector<Validator> list;
    bool besides = false;  // those of the chain; always so when nobody is named

    bool asks_chain() const { return list.empty() || besides; }
};

// From "HOTKEY@HOST:PORT" and "+HOTKEY@HOST:PORT", all of one kind (config sees to that). Who is
// named is asked whatever its stake, and has a negative uid, which no neuron has. Fails with
// malformed, naming what is wrong.
config::Result<NamedValidators> named_validators(const std::vector<std::string>& setting);

// `chain`, in its order, and `named`; a validator that is in both only as it was named.
std::vector<Validator> joined(std::vector<Validator> chain, const std::vector<Validator>& named);

}  // namespace miner

// The prompts that the rehearsal hands out.
#pragma once

#include <string>
#include <vector>

namespace miner {

// Some twenty captions of objects that the embedded model knows, in an order that shows retries
// early (ops/rehearsal/captions.json).
std::vector<std::string> embedded_prompts();

}  // namespace miner

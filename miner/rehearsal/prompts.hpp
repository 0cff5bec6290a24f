// The prompts that the rehearsal hands out.
#pragma once

#include <string>
#include <vector>

namespace miner {

struct NamedPrompt {
    std::string words;
    std::vector<int> objects;  // of ops/nano/shapes.py that the words fit: any of them is right
};

// Some twenty captions of objects that the embedded model knows, in an order that shows retries
// early (ops/rehearsal/captions.json).
std::vector<NamedPrompt> embedded_prompts();

// Whether task number `task`, from 0, is a prompt, when `share` of all are: spread evenly, so that
// any number of tasks has its share.
bool is_prompt(int task, double share);

}  // namespace miner

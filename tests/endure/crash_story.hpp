// One story: a miner works off the tasks of two validators while it is cut off again and again, by
// kill -9 or by a power cut that takes what was not synced; then it is let come to its end. What
// must hold is looked at after every cut and at the end, with the validators' own account.
#pragma once

#include "tests/endure/lossy_disk.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace endure {

struct StoryFigures {
    int cuts = 0;                     // processes that were cut off
    std::map<Loss, int> by_loss;      // of these
    int changes = 0;                  // of files, over all processes
    int tasks = 0;                    // that were worked off
    int answers_lost = 0;             // submissions of which only a later pull told
    int made_anew = 0;                // attempts that a cut made worthless
    std::vector<std::string> broken;  // what did not hold; empty: all is well

    void add(const StoryFigures& other);
};

// Draws everything by chance from the seed: how often the miner is cut off, at which change of a
// file or how long after it, what is lost, and which answers of the validators never arrive. The
// processes' threads run as they like, so a seed tells what was drawn, not each interleaving. What
// is broken leaves a folder behind, which the words name.
StoryFigures crash_story(std::uint32_t seed);

// Of this seed and the following, several at a time, as they mostly wait. `told` is called after
// each with its seed, one call at a time.
StoryFigures crash_stories(int runs, std::uint32_t seed,
                           const std::function<void(std::uint32_t, const StoryFigures&)>& told);

}  // namespace endure

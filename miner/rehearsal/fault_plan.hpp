// When each fault of the rehearsal's chain begins and ends: by what the miner has asked for, never
// by the clock, so that a slow machine rehearses the same as a quick one. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace miner {

// What the miner has asked for so far: all of it only grows.
struct Asked {
    int looks = 0;           // at the chain
    int connections = 0;     // to it
    int tasks = 0;           // that it was handed
    std::vector<int> pulls;  // from each validator
};

// One fault after the other, in the order of the list. The first begins when a task was handed out,
// the others spread over the rest of the tasks, and each only when the miner has read the chain
// since the one before. It ends when the miner has noticed it.
class FaultPlan {
public:
    enum class Step { wait, begin, end, done };

    // `tasks`: of the whole rehearsal.
    FaultPlan(std::vector<std::string> faults, int tasks);

    // What is due now. `begin` and `end` are of fault().
    Step due(const Asked& asked) const;
    const std::string& fault() const { return faults_[at_]; }

    // The fault was brought; `before` and `after` it.
    void begun(Asked before, const Asked& after);
    // It is over, noticed or not.
    void ended(Asked after);

private:
    bool noticed(const Asked& asked) const;
    bool looked(const Asked& asked) const;

    std::vector<std::string> faults_;
    int tasks_;
    std::size_t at_ = 0;
    bool in_force_ = false;
    Asked then_;  // at the last beginning or end
};

}  // namespace miner

// What becomes of a miner whose GPU's memory runs out in task after task. Pure.
#pragma once

namespace miner {

class MemoryWatch {
public:
    enum class Step {
        none,
        no_candidates,  // no more are made, and their scorer gives its memory back
        complain,       // nothing is earned: no task gets its result
        relieved,       // one did, after a complaint
    };

    static constexpr int kPatience = 3;  // tasks in a row

    // A task has ended. ran_out: the memory did, for its result or for its candidates.
    Step ended(bool ran_out, bool has_result, bool with_candidates) {
        if (!ran_out || (has_result && !with_candidates)) {
            if (!has_result) return Step::none;  // for another reason, which says nothing of memory
            in_a_row_ = 0;
            if (!complained_) return Step::none;
            complained_ = false;
            return Step::relieved;
        }
        if (++in_a_row_ < kPatience) return Step::none;
        if (with_candidates) {
            in_a_row_ = 0;
            return Step::no_candidates;
        }
        if (complained_) return Step::none;
        complained_ = true;
        return Step::complain;
    }

private:
    int in_a_row_ = 0;
    bool complained_ = false;
};

}  // namespace miner

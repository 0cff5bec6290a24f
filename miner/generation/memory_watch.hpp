// What becomes of a miner whose GPUs' memory runs out in task after task; each backend is watched
// by itself, as one that has room says nothing of another. Pure.
#pragma once

#include <map>
#include <string>

namespace miner {

class MemoryWatch {
public:
    enum class Step {
        none,
        no_candidates,  // no more are made, and their scorer gives its memory back
        complain,       // no task gets its result
        relieved,       // one did, after a complaint
    };

    static constexpr int kPatience = 3;  // tasks in a row

    // A task has ended at `backend`, or has left it for another. ran_out: the memory there did, for
    // its result or for its candidates.
    Step ended(const std::string& backend, bool ran_out, bool has_result, bool with_candidates) {
        auto& watched = watched_[backend];
        if (!ran_out || (has_result && !with_candidates)) {
            if (!has_result) return Step::none;  // for another reason, which says nothing of memory
            watched.in_a_row = 0;
            if (!watched.is_short) return Step::none;
            watched.is_short = false;
            return Step::relieved;
        }
        if (++watched.in_a_row < kPatience) return Step::none;
        if (with_candidates) {
            watched.in_a_row = 0;
            return Step::no_candidates;
        }
        if (watched.is_short) return Step::none;
        watched.is_short = true;
        return Step::complain;
    }

    // Whether it is complained of.
    bool is_short(const std::string& backend) const {
        const auto found = watched_.find(backend);
        return found != watched_.end() && found->second.is_short;
    }

private:
    struct Watched {
        int in_a_row = 0;
        bool is_short = false;
    };

    std::map<std::string, Watched> watched_;
};

}  // namespace miner

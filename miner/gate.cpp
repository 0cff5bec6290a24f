#include "miner/gate.hpp"

#include <algorithm>

namespace miner {

Decision judge(const Counts& counts, const config::Gate& gate) {
    const auto best = std::max_element(counts.begin(), counts.end());  // the earliest of equals
    const int index = int(best - counts.begin());
    if (*best >= gate.min_gaussians)
        return {index == 0 ? Verdict::passed : Verdict::retry_passed, index};
    if (int(counts.size()) < gate.attempts) return {Verdict::retry, -1};
    if (index > 0 && *best >= gate.floor) return {Verdict::retry_improved, index};
    return {Verdict::rejected, -1};
}

}  // namespace miner

// Whether scores will be predicted, as the settings want it.
#pragma once

#include "config/settings.hpp"
#include "miner/check/finding.hpp"

namespace miner {

// Nothing when score.model is empty. Looks for the files of each part, and reads none of them: a
// miner whose scorer does not load mines without candidates, so what is missing is a warning.
Findings check_scorer(const config::Score& score, const config::Candidates& candidates);

}  // namespace miner

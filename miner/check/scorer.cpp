#include "miner/check/scorer.hpp"

#include "weights/scorer_plan.hpp"

#include <fmt/format.h>

#include <string_view>
#include <system_error>

namespace miner {
namespace {

namespace fs = std::filesystem;

}  // namespace

Findings check_scorer(const config::Score& score, const config::Candidates& candidates) {
    if (score.model.empty()) return {};
    if (candidates.most < 2)
        return {{Finding::State::ok, "scorer", "not used: candidates.most is 1", ""}};
    if (score.model == config::kEmbeddedScorer)
        return {{Finding::State::warn, "scorer", "the embedded judge, which knows toys alone",
                 "for mining, name the validator's networks in score.model"}};
    std::vector<std::string_view> whole, left_out, broken;
    std::error_code ignored;
    for (const auto& part : weights::scorer_parts()) {
        const bool missing = !weights::missing_scorer_files(score.model, part).empty();
        const bool begun = fs::exists(fs::path(score.model) / part.name, ignored);
        (!missing ? whole : begun ? broken : left_out).push_back(part.name);
    }
    // Without the first, which is three quarters of the score, there is none.
    const bool none = whole.empty() || whole.front() != weights::scorer_parts().front().name;
    const auto remedy = fmt::format("fetch them: miner weights fetch {}", weights::kScorerName);
    if (none || !broken.empty())
        return {{Finding::State::warn, "scorer",
                 fmt::format("{} is not whole, so no candidates would be made", score.model),
                 remedy}};
    auto found = fmt::format("{}", fmt::join(whole, ", "));
    if (left_out.empty()) return {{Finding::State::ok, "scorer", std::move(found), ""}};
    found += fmt::format("; left out of predictions: {}", fmt::join(left_out, ", "));
    return {{Finding::State::warn, "scorer", std::move(found), remedy}};
}

}  // namespace miner

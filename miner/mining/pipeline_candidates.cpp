// What the pipeline knows of candidates: how much time they have, whether the best is worth
// sending, and what came of it.
#include "miner/mining/pipeline.hpp"

#include <fmt/format.h>

#include <utility>

namespace miner {
namespace {

// The threshold that candidates.enough is meant for.
constexpr double kUsualThreshold = 0.6;

}  // namespace

// Nothing where time is over, or was never known.
std::optional<CandidatePlan> Pipeline::plan_for(const Job& job) const {
    if (!job.until) return std::nullopt;
    CandidatePlan plan{.settings = s_.settings.candidates,
                       .calibration = calibrator_.of(std::string(network::name(job.task.kind))),
                       .left = [this, until = *job.until] { return until - now(); }};
    plan.settings.enough += job.threshold - kUsualThreshold;
    return plan;
}

// Whether the empty result is sent in place of what was generated; tells `result` so.
bool Pipeline::withhold(Job& job, const GenerationResult& generated, storage::Result& result) {
    job.predicted = generated.attempts[std::size_t(generated.attempt - 1)].predicted;
    if (!job.predicted) return false;
    job.turn.predicted = job.predicted->total;
    const std::string kind(network::name(job.task.kind));
    if (!calibrator_.withholds(kind, *job.predicted, job.threshold)) return false;
    job.turn.withheld = true;
    result.outcome = storage::Outcome::rejected;
    result.withheld = generated.attempt;
    result.attempt = 0;
    result.detail = fmt::format("withheld: predicted {:.3f}, and the validator accepts from {} on",
                                job.predicted->total, job.threshold);
    s_.log.warn(
        "withheld",
        {{"task", job.task.id},
         {"attempt", result.withheld},
         {"predicted", job.predicted->total},
         {"threshold", job.threshold},
         {"hint",
          "the empty result is sent, which costs nothing; candidates.withhold = never sends all"}});
    compared(job, storage::PredictedScore::End::withheld, 0);
    return true;
}

// A prediction met its judgement.
void Pipeline::compared(const Job& job, storage::PredictedScore::End end, double received) {
    if (!job.predicted) return;
    if (end == storage::PredictedScore::End::refused && job.predicted->total > job.threshold + 0.1)
        s_.log.warn("refused against prediction",
                    {{"task", job.task.id},
                     {"validator", job.validator.peer.hotkey},
                     {"predicted", job.predicted->total},
                     {"hint", "`miner stats` tells whether predictions still fit"}});
    calibrator_.add({.row = job.row,
                     .task_id = job.task.id,
                     .hotkey = job.who.hotkey(),
                     .validator = job.validator.peer.hotkey,
                     .kind = std::string(network::name(job.task.kind)),
                     .predicted = *job.predicted,
                     .threshold = job.threshold,
                     .end = end,
                     .received = received,
                     .at = now_ms()});
}

}  // namespace miner

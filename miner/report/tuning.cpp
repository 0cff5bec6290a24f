#include "miner/report/tuning.hpp"

#include "miner/report/tuning_rules.hpp"
#include "miner/report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace miner {
namespace {

using Verdict = Advice::Verdict;

constexpr std::int64_t kLeastSparse = 50;   // fewer could not be told to be as often accepted
constexpr std::int64_t kLeastRefused = 10;  // a band in which next to nothing is accepted
constexpr double kAsOften = 0.1;            // less often by no more than this is as often

// Where bands may end, chosen before anything is looked at.
constexpr std::array<std::int64_t, 20> kEdges{
    7'000,   10'000,  15'000,  20'000,  30'000,  40'000,  50'000,  60'000,  80'000,  100'000,
    125'000, 150'000, 175'000, 200'000, 250'000, 300'000, 400'000, 500'000, 750'000, 1'000'000};

Share between(const TuningSample& sample, std::int64_t from, std::int64_t to) {
    Share share;
    for (const auto& result : sample.judged)
        if (result.gaussians >= from && result.gaussians < to) share.count(result.accepted);
    return share;
}

constexpr std::int64_t kAnyCount = std::int64_t(1) << 62;

std::string band_words(std::int64_t from, std::int64_t to) {
    if (to == kAnyCount) return grouped(from) + " and more";
    return grouped(from) + " to " + grouped(to);
}

// Refused too often to be sent, and more often than what is denser: where all are refused alike, no
// count tells them apart.
bool not_worth_it(const TuningSample& sample, const Share& band, std::int64_t edge) {
    return wilson(band).high < sample.worth &&
           difference(band, between(sample, edge, kAnyCount)).high < 0;
}

// One band after another away from `start`, each wide enough for `least` results, as long as
// `holds` for it: where that ended. Each is looked at once and the first failure ends it, so that
// many bands make no chance hit more likely than one.
template <class Holds>
std::int64_t walk(const TuningSample& sample, std::int64_t start, bool down, std::int64_t limit,
                  std::int64_t least, std::vector<Observed>& seen, Holds holds) {
    auto edges = kEdges;
    if (down) std::reverse(edges.begin(), edges.end());
    std::int64_t reached = start;
    for (const auto edge : edges) {
        if (down ? edge >= start : edge <= start) continue;
        if (down ? edge < limit : edge > limit) break;
        const auto from = std::min(edge, reached), to = std::max(edge, reached);
        const auto share = between(sample, from, to);
        if (share.whole < least) continue;
        seen.push_back({band_words(from, to), share});
        if (!holds(share, edge)) break;
        reached = edge;
    }
    return reached;
}

const storage::Attempt* first_of(const storage::TuningRow& task) {
    return task.attempts.empty() ? nullptr : &task.attempts.front();
}

// What a lower gate would have changed, `band` being the results between the two.
std::string effect_of_lower(const TuningSample& sample, std::int64_t gate) {
    std::int64_t tasks = 0, retries = 0, empty = 0;
    for (const auto& task : sample.tasks) {
        const auto* first = first_of(task);
        if (!first || first->gaussians < gate || first->gaussians >= sample.settings.min_gaussians)
            continue;
        ++tasks;
        for (const auto& attempt : task.attempts)
            retries += attempt.number > 1 && !attempt.candidate;
        empty += task.outcome == storage::Outcome::rejected && task.withheld == 0;
    }
    const auto band = between(sample, gate, sample.settings.min_gaussians);
    const auto share = wilson(band);
    return fmt::format(
        "{} first attempts would have passed at once, with {} retries less; {} of these tasks "
        "ended with the empty result, of which {:.0f} to {:.0f} would probably have been accepted.",
        grouped(tasks), grouped(retries), grouped(empty), share.low * double(empty),
        share.high * double(empty));
}

std::string turns_saved(const TuningSample& sample, const Share& band) {
    const auto refused = double(band.whole - band.part);
    const double v = sample.accepted.value();
    return fmt::format(
        "{} results would not have been sent, of which {} were accepted: {:.0f} turns gained, {} "
        "lost.",
        grouped(band.whole), grouped(band.part), 2 * v * refused, grouped(band.part));
}

Advice change(Advice advice, std::int64_t proposed, std::string why, std::string effect) {
    advice.verdict = Verdict::change;
    advice.proposed = std::to_string(proposed);
    advice.why = std::move(why);
    advice.effect = std::move(effect);
    return advice;
}

// Why sparse results are not taken for as good, from the band nearest to the gate.
void keep_gate(Advice& advice, const Share& near, const Share& dense) {
    const auto apart = difference(near, dense);
    if (apart.high < 0) {
        advice.verdict = Verdict::keep;
        advice.why = "Results just below the gate are accepted less often than denser ones.";
        return;
    }
    if (apart.low > -kAsOften) {
        advice.verdict = Verdict::keep;
        advice.why =
            "Results just below the gate are accepted as often as denser ones, but either "
            "too seldom for more of them to gain anything.";
        return;
    }
    advice.why = fmt::format(
        "Not enough to tell: results just below the gate may be accepted by {:.0f} points less "
        "often than denser ones, or {:.0f} more; more of them narrow that.",
        -100 * apart.low, 100 * apart.high);
}

}  // namespace

double worth_sending(double acceptance) { return 2 * acceptance / (1 + 2 * acceptance); }

TuningSample sample_of(const std::vector<storage::TuningRow>& tasks,
                       const TuningSettings& settings) {
    TuningSample sample{.tasks = tasks, .settings = settings};
    for (const auto& task : tasks) {
        const auto* sent = task.attempt(task.chosen);
        if (!task.score || !sent || sent->gaussians < 0) continue;
        sample.judged.push_back({sent->gaussians, *task.score > 0});
        sample.accepted.count(*task.score > 0);
    }
    sample.worth = worth_sending(sample.accepted.value());
    return sample;
}

Advice stays(std::string setting, std::string present, Verdict verdict, std::string why) {
    return {.setting = std::move(setting),
            .verdict = verdict,
            .present = std::move(present),
            .why = std::move(why)};
}

std::string share_words(const Share& share) {
    const auto interval = wilson(share);
    return fmt::format("{} of {} ({:.1f} %, {:.1f} to {:.1f} %)", grouped(share.part),
                       grouped(share.whole), 100 * share.value(), 100 * interval.low,
                       100 * interval.high);
}

Advice gate_advice(const TuningSample& sample) {
    const auto gate = sample.settings.min_gaussians;
    auto advice = stays("gate.min_gaussians", std::to_string(gate), Verdict::not_enough, "");
    advice.counted = "accepted";
    const auto dense = between(sample, gate, kAnyCount);
    if (dense.whole < kLeastJudged) {
        advice.why = fmt::format("Results at the gate or above: {} judged, {} are needed.",
                                 dense.whole, kLeastJudged);
        return advice;
    }
    advice.evidence.push_back({band_words(gate, kAnyCount), dense});
    const auto raised = walk(
        sample, gate, false, kAnyCount, kLeastJudged, advice.evidence,
        [&](const Share& band, std::int64_t edge) { return not_worth_it(sample, band, edge); });
    if (raised != gate) {
        auto effect = turns_saved(sample, between(sample, gate, raised));
        return change(std::move(advice), raised,
                      "Results just above the gate are refused so often that the empty result is "
                      "worth more.",
                      std::move(effect));
    }
    advice.evidence.resize(1);
    const auto lowered =
        walk(sample, gate, true, sample.settings.floor, kLeastSparse, advice.evidence,
             [&](const Share& band, std::int64_t) {
                 return difference(band, dense).low > -kAsOften && wilson(band).low > sample.worth;
             });
    if (lowered != gate)
        return change(std::move(advice), lowered,
                      "Sparser results are accepted as often as denser ones, to within ten points.",
                      effect_of_lower(sample, lowered));
    if (advice.evidence.size() > 1) {
        keep_gate(advice, advice.evidence[1].share, dense);
        return advice;
    }
    const auto below = between(sample, sample.settings.floor, gate);
    advice.why =
        fmt::format("Results below the gate: {} judged, {} are needed.", below.whole, kLeastSparse);
    return advice;
}

Advice floor_advice(const TuningSample& sample) {
    const auto& [floor, gate] = std::pair(sample.settings.floor, sample.settings.min_gaussians);
    auto advice = stays("gate.floor", std::to_string(floor), Verdict::not_enough, "");
    advice.counted = "accepted";
    if (sample.accepted.whole < kLeastJudged) {
        advice.why = fmt::format("{} results were judged, {} are needed.", sample.accepted.whole,
                                 kLeastJudged);
        return advice;
    }
    const auto raised = walk(
        sample, floor, false, gate, kLeastRefused, advice.evidence,
        [&](const Share& band, std::int64_t edge) { return not_worth_it(sample, band, edge); });
    if (raised != floor) {
        auto effect = turns_saved(sample, between(sample, floor, raised));
        return change(std::move(advice), raised,
                      "The sparsest results are refused so often that the empty result is worth "
                      "more.",
                      std::move(effect));
    }
    if (advice.evidence.empty()) {
        advice.why = fmt::format("Results between floor and gate: {} judged, {} are needed.",
                                 between(sample, floor, gate).whole, kLeastRefused);
        return advice;
    }
    const auto least = wilson(advice.evidence.front().share);
    advice.verdict = least.low > sample.worth ? Verdict::keep : Verdict::not_enough;
    advice.why = least.low > sample.worth
                     ? "Even the sparsest results are worth sending."
                     : "Not enough to tell whether the sparsest results are worth sending.";
    return advice;
}

bool Tuning::proposes() const {
    return std::any_of(advice.begin(), advice.end(),
                       [](const Advice& each) { return each.verdict == Verdict::change; });
}

Tuning tune(const std::vector<storage::TuningRow>& tasks, const TuningSettings& settings) {
    const auto sample = sample_of(tasks, settings);
    Tuning tuning{
        .tasks = std::int64_t(tasks.size()), .accepted = sample.accepted, .worth = sample.worth};
    if (!tasks.empty()) {
        tuning.newest = tasks.front().pulled_at;
        tuning.first = tasks.back().pulled_at;
    }
    tuning.advice = {gate_advice(sample), floor_advice(sample),  enhance_advice(sample),
                     most_advice(sample), enough_advice(sample), withhold_advice(sample)};
    return tuning;
}

}  // namespace miner

// What a miner's own tasks say about its settings: proposals with their evidence, or why there is
// none. Pure; changes nothing. By which rules: ops/docs/scoring.md.
#pragma once

#include "miner/report/proportion.hpp"
#include "miner/report/stats.hpp"
#include "storage/tuning_rows.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace miner {

// The settings at present, those that a proposal may be about.
struct TuningSettings {
    std::int64_t min_gaussians = 150'000, floor = 7'000;
    std::vector<std::string> standard, extreme;  // enhance.*
    int most = 8;                                // candidates.most
    double enough = 0.65;                        // candidates.enough
    std::string withhold = "auto";               // candidates.withhold: "auto" or "never"
};

// A row of evidence: of what, how much was accepted, or otherwise so as the advice says.
struct Observed {
    std::string what;
    Share share;
};

struct Advice {
    enum class Verdict { change, keep, not_enough };

    std::string setting;  // "gate.min_gaussians"
    Verdict verdict = Verdict::not_enough;
    std::string present, proposed;  // as a settings file has them; proposed: of a change alone
    std::string why;                // sentences
    std::string effect;             // of a change: what would have been otherwise over these tasks
    std::string counted;            // what the evidence counts: "accepted"
    std::vector<Observed> evidence;
};

struct Tuning {
    std::int64_t tasks = 0;
    std::optional<storage::Milliseconds> first, newest;  // pulls of the oldest and newest task
    Share accepted;                                      // of the results that were judged
    double worth = 0;  // chance of acceptance from which on a result is worth sending
    std::vector<Advice> advice;

    bool proposes() const;
};

// tasks: newest first.
Tuning tune(const std::vector<storage::TuningRow>& tasks, const TuningSettings& settings);

// As flags of `miner run`, and as lines of a settings file; empty when nothing is proposed.
std::string as_flags(const Tuning& tuning);
std::string as_toml(const Tuning& tuning);

// For people; ends with a line break. What is to be copied is wider than the terminal if it must.
std::string render_tuning(const Tuning& tuning, const TableOptions& options);
// For programs: one object on one line, without a line break.
std::string render_tuning_json(const Tuning& tuning);

std::string_view name(Advice::Verdict verdict);  // "change", "keep", "not_enough"

}  // namespace miner

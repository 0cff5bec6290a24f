// Which of several results of one task is the best, and when to stop making more, from numbers
// alone: no I/O, no clock.
#pragma once

#include "config/settings.hpp"
#include "storage/attempt.hpp"
#include "storage/calibration.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

namespace miner {

// What more than the gate's own attempts may cost, for one request; from whoever knows what its
// validator wants.
struct CandidatePlan {
    config::Candidates settings;
    storage::Calibration calibration = {};  // of predictions of this kind of request
    // What is left until the result must be on its way; negative: nothing. Asked again and again.
    std::function<std::chrono::milliseconds()> left;
};

// A result that is ready to be submitted.
struct Candidate {
    int attempt = 0;  // number
    std::int64_t gaussians = 0;
    double predicted = 0;  // NaN: a validator would fail over it
};

// The one to submit, by what it is predicted to score. Predictions that differ by less than the
// calibrated error say nothing: of those within it of the best the densest is taken, of equals the
// earliest; but none that is not enough where the best is. A number goes before NaN. candidates: at
// least one.
std::size_t best_of(std::span<const Candidate> candidates, const CandidatePlan& plan);

// Whether it can still be that one, whatever else is made.
bool may_be_best(const Candidate& candidate, std::span<const Candidate> all,
                 const CandidatePlan& plan);

// Whether one of them is predicted to score enough, as far as the calibration corrects that.
bool is_enough(std::span<const Candidate> candidates, const CandidatePlan& plan);

// Whether stage 2 is worth its time: of a structure that reaches the gate, or, where none did so
// far, of one that reaches the floor and is not much sparser than the densest before it (0: none).
bool is_promising(std::int64_t gaussians, std::int64_t densest, const config::Gate& gate);

// How attempt `number` is made when it goes beyond the gate's: new seeds that no attempt of the
// gate has, pictures with both enhancements in turn.
struct CandidateRecipe {
    storage::EnhancementChain chain;
    std::uint64_t seed;
};
CandidateRecipe recipe_of(int number, std::uint64_t first_seed, bool words);

}  // namespace miner

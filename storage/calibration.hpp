// How far predicted scores can be trusted, and whether a result is worth sending. Pure: no SQL, no
// clock.
#pragma once

#include "storage/predictions.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

struct Calibration {
    enum class State {
        gathering,   // too few pairs yet: offset 0, error as assumed
        calibrated,  // offset and error are measured
        broken,      // predictions do not fit what is received: the validators changed something
    };
    // Why it is broken.
    enum class Break {
        none,
        offset,    // the measured offset is above kMostOffset
        shift,     // the newest pairs lie elsewhere than those before them; too few since then
        refusals,  // results that seemed safe were refused; too few pairs since then
    };

    State state = State::gathering;
    // Accepted ones of the newest scorer since the last break, predicted above the threshold by
    // more than 0.05: of those below, the accepted ones are a biased sample.
    int pairs = 0;
    double offset = 0;       // to be added to a prediction: the median of received - predicted
    double error = 0.05;     // deviation of a received score about prediction + offset
    Milliseconds since = 0;  // of the oldest pair that counts; 0: there is none
    Break why = Break::none;
    Milliseconds broken_at = 0;    // when the newest shift or refusal showed; 0: none did
    std::string scorer, left_out;  // of the predictions that count; empty: there are none

    double corrected(double predicted) const { return predicted + offset; }
};

// As they stand in JSON: "gathering", "refusals".
std::string_view name(Calibration::State state);
std::string_view name(Calibration::Break why);

// The least pairs from which on an offset and an error are measured.
constexpr int kLeastPairs = 20;
// An offset beyond it is no offset: the validators judge by something else.
constexpr double kMostOffset = 0.05;

// scores: of one kind of task (and of one validator, or of all), newest first. Those of the newest
// one's scorer and left-out parts count. error: 1.48 x the median absolute deviation, and at least
// 0.005, which is what a scorer's arithmetic may be off. Only what came after the last break
// counts. Broken, until there are enough pairs again, by
//   shift     The medians of received - predicted over the newest 10, or 15, pairs and over the (at
//             least 20, at most 100) before them are apart by more than 0.05 and by more than four
//             standard errors of that difference.
//   refusals  Of the newest 20 judgements of results predicted over the threshold by two errors,
//             ten are refusals.
Calibration calibrate(std::span<const PredictedScore> scores);

// Share of judged predictions that were on the same side of the threshold as the judgement; of the
// calibration's scorer alone.
struct Sides {
    int right = 0, judged = 0;
};
Sides sides(std::span<const PredictedScore> scores, const Calibration& calibration);

// Chance that a result predicted so is accepted, its error being normal. 0 when `predicted` is NaN.
double chance_of_acceptance(double predicted, const Calibration& calibration, double threshold);

// Whether to submit rather than to send the empty result: an accepted result takes 300 s, a refused
// one 900 s, the empty one 300 s without anything gained. `acceptance`: how often this miner's
// results are accepted, 0 to 1. Pays from a chance of 2 v / (1 + 2 v) on. Always when `predicted`
// is NaN: such a result costs nothing; and when the calibration is broken.
bool pays(double predicted, const Calibration& calibration, double threshold, double acceptance);
// Likewise. A calibration of another scorer or of other left-out parts says nothing of this
// prediction, and one with parts left out always pays until its own error is measured.
bool pays(const Prediction& predicted, const Calibration& calibration, double threshold,
          double acceptance);

// What the predictions of one kind of task were worth.
struct PredictionGroup {
    std::string kind;
    std::string validator;  // empty: of all
    int predicted = 0;      // all that were given
    int withheld = 0;       // of these
    Calibration calibration;
    Sides sides;
};

// scores: newest first. By kind over all validators, then by kind and validator; by name.
std::vector<PredictionGroup> prediction_groups(std::span<const PredictedScore> scores);

}  // namespace storage

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

    State state = State::gathering;
    int pairs = 0;        // accepted ones, since the last break, of the newest scorer
    double offset = 0;    // to be added to a prediction: the median of received - predicted
    double error = 0.05;  // deviation of a received score about prediction + offset
    Milliseconds since =
        0;  // of the oldest pair that counts; after a break, the first one after it

    double corrected(double predicted) const { return predicted + offset; }
};

// The least pairs from which on an offset and an error are measured.
constexpr int kLeastPairs = 20;

// scores: of one kind of task (and of one validator, or of all), newest first. Those of the newest
// one's scorer and left-out parts count. offset: median of received - predicted over the accepted
// ones predicted above 0.65, below which the accepted are a biased sample; error: 1.48 x the median
// absolute deviation. Broken: |offset| above 0.05, or the newest ten fit what was before them no
// longer; then only what came after the break counts, until there are enough pairs again.
Calibration calibrate(std::span<const PredictedScore> scores);

// Share of judged predictions that were on the same side of the threshold as the judgement.
struct Sides {
    int right = 0, judged = 0;
};
Sides sides(std::span<const PredictedScore> scores, const Calibration& calibration);

// Chance that a result predicted so is accepted, its error being normal.
double chance_of_acceptance(double predicted, const Calibration& calibration, double threshold);

// Whether to submit rather than to send the empty result: an accepted result takes 300 s, a refused
// one 900 s, the empty one 300 s without anything gained. `acceptance`: how often this miner's
// results are accepted, 0 to 1. Pays from a chance of 2 v / (1 + 2 v) on. Always when `predicted`
// is NaN: such a result costs nothing.
bool pays(double predicted, const Calibration& calibration, double threshold, double acceptance);

}  // namespace storage

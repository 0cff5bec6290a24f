// Outcomes, scores, calibrations and counts in a reader's words. Pure.
#pragma once

#include "storage/calibration.hpp"
#include "storage/journal.hpp"

#include <cstdint>
#include <string>

namespace miner {

// "2026-11-30 00:53", UTC.
std::string minute_utc(storage::Milliseconds at);

// "1,234,567".
std::string grouped(std::int64_t value);

// "passed", "retry passed", "retry improved", "rejected", ...; of none "nothing".
std::string words(storage::Outcome outcome);

// "gathering: 7 of 20 pairs", "calibrated", "broken: ", why, and until when.
std::string words(const storage::Calibration& calibration);

// "score 0.86", or "density 0.86" where it is no more than that.
std::string score_words(double score, bool density_alone);

}  // namespace miner

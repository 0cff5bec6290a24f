// The checklist before mainnet: is this miner, on this machine, with these weights, fit to be let
// loose? Pure.
#pragma once

#include "storage/report.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace miner {

struct Evidence {
    storage::Counts counts;   // of the rehearsal's own tasks
    int asked = 0;            // tasks that the rehearsal was to do
    int answered = 0;         // tasks that the validators saw answered
    int protocol_faults = 0;  // signatures and nonces that the validators refused
    int violations = 0;       // pulls during a cool-down
    int without_effect = 0;   // submissions that a validator did not look at
    bool stopped = false;     // somebody stopped it before the end
    int logged_errors = 0;    // lines of the log at level error
    std::string first_error;  // of these; may hold a peer's words
};

struct Check {
    enum class State { ok, note, fail };  // note: not shown either way
    State state;
    std::string what;
    std::string found;
};

struct Checklist {
    std::vector<Check> checks;
    bool go = false;  // no check failed
};

inline constexpr double kLeastSuccessRate = 0.70;
inline constexpr double kMostZeroScores = 0.20;  // share of submissions

Checklist evaluate(const Evidence& evidence);

// One line a check, then the verdict.
std::string render(const Checklist& checklist, bool colour);

}  // namespace miner

// What `miner check` finds, one line a finding: well, worth a look, or an end to mining, with what
// to do about it. Pure.
#pragma once

#include <string>
#include <vector>

namespace miner {

struct Finding {
    enum class State { ok, warn, fail };

    State state = State::ok;
    std::string what;    // "hotkey hot"
    std::string found;   // "5F..., plain, mode 600"
    std::string remedy;  // what to do; empty when all is well
};

using Findings = std::vector<Finding>;

bool would_mine(const Findings& findings);  // no failure among them

std::string render_finding(const Finding& finding, bool colour);  // a line, and one of the remedy
std::string render_verdict(const Findings& findings, bool colour);

// One object on one line, without a line break: ok, and findings with state, what, found, remedy.
std::string render_findings_json(const Findings& findings);

}  // namespace miner
